import { expect, test } from 'vitest'
import { EMPTY_HISTOGRAM, Histogram } from '../engine/histogram.ts'
import type { FailureRow } from '../engine/result.ts'
import { observe } from './observations.ts'

function connects(...ms: number[]) {
  const histogram = new Histogram()
  for (const one of ms) histogram.record(one)
  return histogram.toSparse()
}

function failure(failureClass: FailureRow['class'], phase: string, count: number): FailureRow {
  const row = { outcome: 'failed', target: 's', text: '', first_at_seconds: 0, last_at_seconds: 0 } as const
  return { ...row, class: failureClass, phase, count }
}

test('names connections that opened after a SYN was sent again, and only these', () => {
  const connect = connects(0.3, 999, 1_004, 1_060, 1_400, 3_010, 7_050, 5_000)
  expect(observe({ connect, failures: [], accepted: 8 })).toEqual([
    expect.stringMatching(/^4 connections opened just after 1, 3/),
  ])
})

test('tells a server that never greets from one that is not there', () => {
  const failures = [
    failure('timeout', 'greeting', 5),
    failure('timeout', 'data', 9),
    failure('connection_refused', 'connect', 3),
    failure('local', 'connect', 2),
    failure('timeout', 'connect', 4),
    failure('connection_reset', 'greeting', 6),
  ]
  expect(observe({ connect: EMPTY_HISTOGRAM, failures, accepted: 1 })).toEqual([
    expect.stringMatching(/^5 connections were opened but never greeted/),
    expect.stringMatching(/^4 connections did not open in time/),
    expect.stringMatching(/^3 connections were refused/),
    expect.stringMatching(/^2 messages failed because the load generator/),
  ])
})

test('says nothing of a run in which nothing is odd', () => {
  const failures = [failure('reply', 'envelope', 7)]
  expect(observe({ connect: connects(0.2, 0.5, 12), failures, accepted: 1 })).toEqual([])
})

test('names a slow name server as that, with its name; a quick one is nothing to tell', () => {
  const names = [
    { host: 'slow.test', addresses: ['127.0.0.1'], lookup_ms: 412.6 },
    { host: 'edge.test', addresses: ['127.0.0.3'], lookup_ms: 100 },
    { host: 'quick.test', addresses: ['127.0.0.2'], lookup_ms: 99.9 },
  ]
  expect(observe({ connect: EMPTY_HISTOGRAM, failures: [], accepted: 1, names })).toEqual([
    'the name server took 413 ms to answer for slow.test: it was asked once, before the load, and no other figure includes that time',
    expect.stringMatching(/^the name server took 100 ms to answer for edge\.test/),
  ])
})

test('says which variables name the addresses when a server takes none of them', () => {
  const relay = {
    ...failure('reply', 'envelope', 9),
    text: '554 5.7.1 <recipient@mailstorm.test>: Relay access denied',
  }
  expect(
    observe({ connect: EMPTY_HISTOGRAM, failures: [failure('timeout', 'data', 1), relay], accepted: 0 }),
  ).toEqual([
    'no message was accepted, and MAIL or RCPT was refused ("554 5.7.1 <recipient@mailstorm.test>: Relay access denied"): let the server accept these addresses, or name others with STRESS_SENDER and STRESS_RECIPIENT',
  ])
  expect(
    observe({ connect: EMPTY_HISTOGRAM, failures: [failure('reply', 'greeting', 9)], accepted: 0 }),
  ).toEqual([])
})

const none = { connect: EMPTY_HISTOGRAM, failures: [], accepted: 1 }

test('reports refused recipients of accepted messages, and messages moved to a new session', () => {
  const refused = [failure('reply', 'envelope', 1)]
  expect(observe({ ...none, refused_recipients: refused, reconnects: 1 })).toEqual([
    expect.stringMatching(/^1 recipient was refused /),
    expect.stringMatching(/^1 message went to a new session/),
  ])
  const more = [...refused, failure('reply', 'envelope', 2)]
  expect(observe({ ...none, refused_recipients: more, reconnects: 7 })).toEqual([
    expect.stringMatching(/^3 recipients were refused /),
    expect.stringMatching(/^7 messages went to a new session/),
  ])
  expect(observe({ ...none, refused_recipients: [], session_failures: [], reconnects: 0 })).toEqual([])
})

test("reports a cap on messages per session and how to avoid it, with the server's text cut", () => {
  const caps = [{ target: 'mx', messages: 60, sessions: 1, text: `452 ${'x'.repeat(100)}` }]
  expect(observe({ ...none, session_caps: caps })).toEqual([
    expect.stringMatching(
      /^mx takes 60 messages .*"452 x{5,76}…" .*1 session\).*STRESS_MESSAGES_PER_SESSION=60/,
    ),
  ])
})

test('counts the messages and sessions of a cap in words', () => {
  const caps = [{ target: 'mx', messages: 1, sessions: 2, text: '452 enough' }]
  expect(observe({ ...none, session_caps: caps })).toEqual([
    'mx takes 1 message per session and then replies "452 enough" (seen in 2 sessions): STRESS_MESSAGES_PER_SESSION=1 avoids these deferrals',
  ])
})

test('reports how sessions ended, each way separately, and the rest as an answer other than 221', () => {
  const badly = [
    failure('timeout', 'quit', 1),
    failure('aborted', 'quit', 2),
    failure('connection_closed', 'quit', 3),
    failure('connection_reset', 'quit', 4),
    failure('reply', 'quit', 5),
    failure('protocol_error', 'quit', 6),
    failure('timeout', 'reset', 8),
  ]
  expect(observe({ ...none, session_failures: badly })).toEqual([
    expect.stringMatching(/^1 session got no reply to QUIT/),
    expect.stringMatching(/^2 sessions were closed right after QUIT/),
    expect.stringMatching(/^7 sessions were closed by the server at QUIT/),
    expect.stringMatching(/^11 sessions got a reply other than 221/),
    expect.stringMatching(/^8 sessions ended because RSET/),
  ])
  const one = [failure('aborted', 'quit', 1), failure('connection_closed', 'quit', 1)]
  expect(observe({ ...none, session_failures: one })).toEqual([
    expect.stringMatching(/^1 session was closed right after QUIT/),
    expect.stringMatching(/^1 session was closed by the server/),
  ])
})
