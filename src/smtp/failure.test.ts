import { describe, expect, it } from 'vitest'
import {
  closedFailure,
  endsSession,
  failed,
  inPhase,
  isSessionFull,
  refused,
  refusedTwice,
  SmtpFailure,
  socketFailure,
} from './failure.ts'

describe('refused', () => {
  it.each([
    [421, 'deferred', 'reply'],
    [450, 'deferred', 'reply'],
    [500, 'rejected', 'reply'],
    [499, 'deferred', 'reply'],
    [559, 'rejected', 'reply'],
    [399, 'failed', 'protocol_error'],
    [400, 'deferred', 'reply'],
    [250, 'failed', 'protocol_error'],
    [354, 'failed', 'protocol_error'],
  ])('takes %d as %s of class %s', (code, outcome, failureClass) => {
    const { failure, outcome: actual } = refused({ code, lines: ['4.2.1 x'] }, 'accept')
    expect({ outcome: actual, class: failure.class, phase: failure.phase }).toEqual({
      outcome,
      class: failureClass,
      phase: 'accept',
    })
  })

  it('keeps code, enhanced status and text', () => {
    const { failure } = refused({ code: 550, lines: ['5.1.1 who?', '5.1.1 unknown'] }, 'envelope')
    expect(failure).toMatchObject({ code: 550, enhanced: '5.1.1', text: '550 5.1.1 who? | 5.1.1 unknown' })
  })

  it('has no enhanced status where the server gave none', () => {
    expect(refused({ code: 550, lines: ['no'] }, 'envelope').failure).not.toHaveProperty('enhanced')
  })
})

describe('socketFailure', () => {
  it.each([
    ['ECONNREFUSED', 'connect', 'connection_refused'],
    ['ECONNRESET', 'accept', 'connection_reset'],
    ['EPIPE', 'transfer', 'connection_reset'],
    ['ETIMEDOUT', 'connect', 'timeout'],
    ['EHOSTUNREACH', 'connect', 'unreachable'],
    ['ENOTFOUND', 'connect', 'unreachable'],
    ['EMFILE', 'connect', 'local'],
    ['EADDRNOTAVAIL', 'connect', 'local'],
    ['EAI_AGAIN', 'connect', 'local'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'tls', 'tls'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls', 'tls'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'envelope', 'tls'],
    [undefined, 'tls', 'tls'],
    [undefined, 'accept', 'connection_reset'],
  ] as const)('takes %s in phase %s as %s', (code, phase, failureClass) => {
    const error = Object.assign(new Error('said so'), code === undefined ? {} : { code })
    const { failure, outcome } = socketFailure(error, phase)
    expect({ outcome, ...failure }).toEqual({
      outcome: 'failed',
      class: failureClass,
      phase,
      text: 'said so',
    })
  })
})

describe('a failure', () => {
  it('says what the server said, as an error does', () => {
    const failure = refused({ code: 550, lines: ['no'] }, 'envelope', 'auth')
    expect(failure).toBeInstanceOf(Error)
    expect([failure.message, failure.failure.class]).toEqual(['550 no', 'auth'])
    expect(refused({ code: 250, lines: ['yes'] }, 'accept').message).toBe('unexpected reply: 250 yes')
  })

  it.each([
    ['data', false, 'connection_closed', 'connection closed without a reply'],
    ['data', true, 'protocol_error', 'connection closed in the middle of a reply'],
    ['tls', false, 'tls', 'connection closed during the TLS handshake'],
    ['tls', true, 'protocol_error', 'connection closed in the middle of a reply'],
  ] as const)(
    'of a connection closed in phase %s, in the middle of a reply: %s, is %s',
    (phase, mid, of, text) => {
      const { outcome, failure } = closedFailure(phase, mid)
      expect({ outcome, failure }).toEqual({ outcome: 'failed', failure: { class: of, phase, text } })
    },
  )

  it('can be of the phase of who misses the reply', () => {
    const { outcome, failure } = inPhase(refused({ code: 450, lines: ['4.2.1 later'] }, 'data'), 'accept')
    expect({ outcome, ...failure }).toEqual({
      ...{ outcome: 'deferred', class: 'reply', code: 450, enhanced: '4.2.1', text: '450 4.2.1 later' },
      phase: 'accept',
    })
  })

  it.each([
    [refused({ code: 421, lines: ['bye'] }, 'envelope'), true],
    [refused({ code: 450, lines: ['later'] }, 'envelope'), false],
    [refused({ code: 550, lines: ['no'] }, 'accept'), false],
    [refused({ code: 250, lines: ['ok'] }, 'data'), true],
    [failed('timeout', 'data', 'no reply'), true],
  ])('ends the session where the server closes or was not understood: %s, %s', (failure, ends) => {
    expect(endsSession(failure)).toBe(ends)
  })

  it('of two commands has the verdict of the first and the words of both, cut', () => {
    const rcpt = { code: 550, lines: ['5.1.1 unknown'] }
    const twice = refusedTwice({ code: 554, lines: ['no recipients'] }, 'RCPT', rcpt, 'data')
    expect(twice).toBeInstanceOf(SmtpFailure)
    expect([twice.outcome, twice.failure]).toEqual([
      'rejected',
      { class: 'reply', phase: 'data', code: 554, text: '554 no recipients (RCPT: 550 5.1.1 unknown)' },
    ])
    const long = { code: 550, lines: ['x'.repeat(400)] }
    expect(refusedTwice(long, 'RCPT', long, 'data').failure.text).toHaveLength(500)
  })

  it.each([
    [452, '4.5.3 full', 'envelope', true],
    [452, '4.5.3 full', 'data', false],
    [452, '4.3.1 full', 'envelope', false],
    [452, 'full', 'envelope', false],
    [450, '4.5.3 full', 'envelope', false],
    [552, '4.5.3 full', 'envelope', false],
  ] as const)('of %d %s in phase %s means that the session is full: %s', (code, line, phase, full) => {
    expect(isSessionFull(refused({ code, lines: [line] }, phase))).toBe(full)
  })
})
