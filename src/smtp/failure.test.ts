import { describe, expect, it } from 'vitest'
import { refused, socketFailure } from './failure.ts'

describe('refused', () => {
  it.each([
    [421, 'deferred', 'reply'],
    [450, 'deferred', 'reply'],
    [500, 'rejected', 'reply'],
    [559, 'rejected', 'reply'],
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
