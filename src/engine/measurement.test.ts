import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { createPacer } from './executors/registry.ts'
import {
  assembleAsides,
  assembleFailures,
  assembleMetrics,
  assembleServers,
  assembleTimeline,
  type Measurement,
  reachOf,
  targetRate,
} from './measurement.ts'
import { Recorder } from './recorder.ts'
import { sampleOf } from './sample.fixture.ts'
import type { Failure, Sample } from './sample.ts'

const open = createPacer({ executor: 'constant-arrival-rate', ratePerSecond: 50, durationSeconds: 4 })
const closed = createPacer({ executor: 'shared-iterations', messages: 200 })
const whole = { planned: 200, claimed: 200, heldBack: 0, ended: 200 }

test('a run that came to its end has reached all; what was due and never begun was dropped', () => {
  expect(reachOf({ pacer: open, ...whole })).toEqual({ dropped: 0, notReached: 0, untold: 0 })
  // At the end of the drain a thread still holds the next one that no session was free for.
  expect(reachOf({ pacer: open, ...whole, claimed: 151, heldBack: 1, ended: 150 })).toEqual({
    dropped: 50,
    notReached: 0,
    untold: 0,
  })
})

test('an interrupted load at a rate: what was not due yet is not reached, and not dropped', () => {
  const facts = { pacer: open, planned: 200, claimed: 51, heldBack: 1, stoppedAtMs: 999 }
  expect(reachOf({ ...facts, ended: 50 })).toEqual({ dropped: 0, notReached: 150, untold: 0 })
  // Twenty of them had waited for a session.
  expect(reachOf({ ...facts, claimed: 31, ended: 30 })).toEqual({ dropped: 20, notReached: 150, untold: 0 })
})

test('what threads began before the order to stop had reached them was due', () => {
  const facts = { pacer: open, planned: 200, claimed: 53, heldBack: 1, ended: 52, stoppedAtMs: 999 }
  expect(reachOf(facts)).toEqual({ dropped: 0, notReached: 148, untold: 0 })
})

test('an interrupted closed model: what no worker had begun is not reached', () => {
  const facts = { pacer: closed, planned: 200, claimed: 80, heldBack: 0, ended: 80, stoppedAtMs: 300 }
  expect(reachOf(facts)).toEqual({ dropped: 0, notReached: 120, untold: 0 })
})

test('what was begun on a thread that never told how it went is neither dropped nor forgotten', () => {
  expect(reachOf({ pacer: closed, ...whole, claimed: 200, ended: 180 })).toMatchObject({ untold: 20 })
  expect(reachOf({ pacer: open, ...whole, ended: 180 })).toEqual({ dropped: 0, notReached: 0, untold: 20 })
})

test('accounts for every message, whatever happened', () => {
  const facts = fc.record({
    pacer: fc.constantFrom(open, closed),
    claimed: fc.nat({ max: 200 }),
    heldBack: fc.nat({ max: 3 }),
    ended: fc.nat({ max: 200 }),
    stoppedAtMs: fc.option(fc.nat({ max: 6_000 }), { nil: undefined }),
  })
  fc.assert(
    fc.property(facts, ({ ended, ...rest }) => {
      const known = Math.min(ended, rest.claimed)
      const { dropped, notReached, untold } = reachOf({ planned: 200, ended: known, ...rest })
      expect(Math.min(dropped, notReached, untold)).toBeGreaterThanOrEqual(0)
      expect(known + dropped + notReached + untold).toBe(200)
    }),
  )
})

const failure = (failureClass: Failure['class'], phase: string, code?: number): Pick<Sample, 'failure'> => ({
  failure: { class: failureClass, phase, text: 'why', ...(code === undefined ? {} : { code }) },
})

/** Message n at n · 100 ms, answered after 50 ms. */
function recorderOf(messages: readonly Partial<Sample>[]): Recorder {
  const recorder = new Recorder({ startMs: 0, phaseCount: 3, targetCount: 2 })
  for (const [message, changes] of messages.entries()) {
    const sentMs = message * 100
    recorder.record(sampleOf({ message, dueMs: sentMs, sentMs, endedMs: sentMs + 50, ...changes }))
  }
  return recorder
}

/** Eight ended of ten at ten a second: three accepted, the last of them 1.5 s after the window. */
const EIGHT: readonly Partial<Sample>[] = [
  { bytes: 100, recipientsRefused: 2, phasesMs: Float64Array.of(1, 2, 3) },
  { bytes: 200, target: 1, phasesMs: Float64Array.of(Number.NaN, 4, Number.NaN) },
  { bytes: 1_000, outcome: 'deferred', ...failure('reply', 'accept', 451) },
  { bytes: 1_000, outcome: 'rejected', ...failure('reply', 'envelope', 550), target: 1 },
  { bytes: 1_000, outcome: 'failed', ...failure('timeout', 'data') },
  { bytes: 1_000, outcome: 'failed', ...failure('connection_refused', 'connect') },
  { bytes: 1_000, outcome: 'failed', ...failure('tls', 'tls') },
  { bytes: 400, endedMs: 2_500 },
]
const TEN = createPacer({ executor: 'constant-arrival-rate', ratePerSecond: 10, durationSeconds: 1 })

function measurement(recorder: Recorder, changes: Partial<Measurement> = {}): Measurement {
  return {
    pacer: TEN,
    recording: recorder.snapshot(),
    planned: 10,
    reach: { dropped: 0, notReached: 0, untold: 0 },
    startedAt: new Date('2026-01-01T00:00:00.000Z'),
    phaseNames: ['connect', 'data', 'accept'],
    ...changes,
  }
}

describe('the figures of a run', () => {
  const recorder = recorderOf(EIGHT)
  for (const atMs of [0, 10, 1_200]) recorder.recordSessionOpened(atMs)
  recorder.recordReconnect()
  for (const target of [0, 0, 1])
    recorder.recordSessionFailure({ class: 'timeout', phase: 'quit', text: 'no 221' }, target, 2_600)
  const reach = { dropped: 1, notReached: 0, untold: 1 }
  // In each test, not once for all: Stryker runs those tests in which what it changed is reached.
  const metrics = () => assembleMetrics(measurement(recorder, { reach }))

  it('account for every message of the plan', () => {
    expect(metrics()).toMatchObject({
      total_messages: 10,
      successful_messages: 3,
      failed_messages: 7,
      success_rate: 0.3,
      // Of the one that no thread told of nothing is known, so it failed.
      outcomes: { accepted: 3, deferred: 1, rejected: 1, failed: 4, dropped: 1, not_reached: 0 },
      error_breakdown: {
        ...{ reply_451: 1, reply_550: 1, timeout_data: 1, connection_refused: 1, tls: 1 },
        ...{ aborted: 1, dropped: 1 },
      },
    })
  })

  it('count bytes of what was accepted, and what befell recipients and sessions', () => {
    expect(metrics()).toMatchObject({
      total_bytes_sent: 700,
      recipients_refused: 2,
      sessions_opened: 3,
      reconnects: 1,
      session_failures: 3,
    })
  })

  it('are per second: what ended, over the window; what was accepted, over the whole duration', () => {
    expect(metrics()).toMatchObject({
      window_seconds: 1,
      drain_seconds: 1.5,
      duration_seconds: 2.5,
      rate: 8,
      throughput: 1.2,
      messages_per_second: 1.2,
      start_time: '2026-01-01T00:00:00.000Z',
      end_time: '2026-01-01T00:00:02.500Z',
    })
    // Ten a second were asked for.
    expect(metrics().rate_error).toBeCloseTo(0.2, 12)
  })

  it('have the times under their names, and those of each phase that happened', () => {
    expect(metrics().response_time_ms).toMatchObject({ count: 8, min: 50, max: 1_800 })
    expect(metrics().service_time_ms).toMatchObject({ count: 8, min: 50, max: 1_800 })
    expect(metrics()).toMatchObject({ min_response_time_ms: 50, max_response_time_ms: 1_800 })
    expect(metrics().avg_response_time_ms).toBe((7 * 50 + 1_800) / 8)
    expect(metrics().latency_ms).toMatchObject({ p50: metrics().response_time_ms.p50, max: 1_800 })
    expect(metrics().latency_ms).not.toHaveProperty('count')
    expect(metrics().phases_ms).toMatchObject({
      connect: { count: 1, max: 1 },
      data: { count: 2, max: 4 },
      accept: { count: 1, max: 3 },
    })
    expect(() => assembleMetrics(measurement(recorder, { phaseNames: ['a', 'b', 'c', 'd'] }))).toThrow(
      'recording has no phase 3',
    )
  })

  it.each([
    ['connection_refused', 1],
    ['connection_reset', 1],
    ['connection_closed', 1],
    ['unreachable', 1],
    ['timeout', 1],
    ['reply', 0],
    ['auth', 0],
    ['tls', 0],
    ['protocol_error', 0],
    ['local', 0],
    ['aborted', 0],
  ] as const)('%s: connection errors are those in which the target did not reply', (failureClass, count) => {
    const failed = recorderOf([{ outcome: 'failed', ...failure(failureClass, 'data') }])
    expect(assembleMetrics(measurement(failed)).connection_errors).toBe(count)
  })

  it('of a run that was ended early are of what was due by then, and of its shorter window', () => {
    const four = recorderOf(EIGHT.slice(0, 4).map((one) => ({ ...one, outcome: 'accepted' as const })))
    const reach = { dropped: 0, notReached: 6, untold: 0 }
    expect(assembleMetrics(measurement(four, { reach, stoppedAtMs: 320 }))).toMatchObject({
      total_messages: 10,
      successful_messages: 4,
      failed_messages: 0,
      success_rate: 1,
      outcomes: { not_reached: 6 },
      window_seconds: 0.32,
      duration_seconds: 0.35,
      rate: 12.5,
      error_breakdown: {},
    })
    // Told to stop after the window, in the drain: the window is the plan's.
    expect(assembleMetrics(measurement(four, { stoppedAtMs: 1_200 }))).toMatchObject({ window_seconds: 1 })
    // A message that was on its way to a thread started after the order: the rate is over the time up to it.
    expect(assembleMetrics(measurement(four, { reach, stoppedAtMs: 200 }))).toMatchObject({
      window_seconds: 0.2,
      rate: 4 / 0.3,
    })
  })

  it('of a load without a window are over the time to the last start', () => {
    const pacer = createPacer({ executor: 'shared-iterations', messages: 8 })
    expect(assembleMetrics(measurement(recorder, { pacer, planned: 8 }))).toMatchObject({
      window_seconds: 0.7,
      drain_seconds: 1.8,
      duration_seconds: 2.5,
      rate: 8 / 0.7,
      rate_error: null,
    })
  })

  it('are 0 per second, and no success, where nothing was sent', () => {
    const none = recorderOf([])
    const pacer = createPacer({ executor: 'shared-iterations', messages: 8 })
    const reach = { dropped: 0, notReached: 10, untold: 0 }
    expect(assembleMetrics(measurement(none, { pacer, reach }))).toMatchObject({
      ...{ rate: 0, throughput: 0, success_rate: 0, failed_messages: 0, duration_seconds: 0 },
      ...{ avg_response_time_ms: null, error_breakdown: {} },
    })
  })
})

describe('the failures of a run', () => {
  const { recording } = measurement(recorderOf(EIGHT))

  it('name their targets', () => {
    expect(assembleFailures(recording, ['mx1', 'mx2']).map(({ class: of, target }) => [of, target])).toEqual([
      ['reply', 'mx1'],
      ['reply', 'mx2'],
      ['timeout', 'mx1'],
      ['connection_refused', 'mx1'],
      ['tls', 'mx1'],
    ])
    expect(assembleFailures(recording, ['mx1'])[1]?.target).toBe('target 1')
  })

  it('include the messages that no thread told of, at the end of the run and of an unknown target', () => {
    expect(assembleFailures(recording, ['mx1', 'mx2'], { count: 3, atMs: 2_500 })[0]).toEqual({
      class: 'aborted',
      phase: 'unknown',
      text: 'started on a sender thread that died before it reported the outcome',
      target: 'unknown',
      outcome: 'failed',
      count: 3,
      first_at_seconds: 2.5,
      last_at_seconds: 2.5,
    })
    expect(assembleFailures(recording, ['mx1'], { count: 0, atMs: 2_500 })).toHaveLength(5)
  })

  it('leave out refused recipients, sessions that ended badly and caps, which stand beside them', () => {
    const recorder = recorderOf([])
    const refusal: Failure = { class: 'reply', phase: 'envelope', code: 452, text: '452 too many' }
    recorder.record(
      sampleOf({
        recipientsRefused: 1,
        recipientFailures: [{ ...refusal, outcome: 'deferred' }],
        endedMs: 100,
      }),
    )
    recorder.recordSessionFailure({ class: 'timeout', phase: 'quit', text: 'no 221' }, 1, 2_600)
    recorder.recordSessionCap(0, { messages: 5, sessions: 2, failure: { ...refusal, enhanced: '4.5.3' } })
    recorder.recordSessionCap(1, {
      messages: 7,
      sessions: 1,
      failure: { class: 'connection_closed', phase: 'envelope', text: 'closed' },
    })
    expect(assembleAsides(recorder.snapshot(), ['mx1'])).toStrictEqual({
      refused_recipients: [
        {
          ...refusal,
          outcome: 'deferred',
          target: 'mx1',
          count: 1,
          first_at_seconds: 0.1,
          last_at_seconds: 0.1,
        },
      ],
      session_failures: [expect.objectContaining({ target: 'target 1', count: 1, first_at_seconds: 2.6 })],
      session_caps: [
        { target: 'mx1', messages: 5, sessions: 2, code: 452, enhanced: '4.5.3', text: '452 too many' },
        { target: 'target 1', messages: 7, sessions: 1, text: 'closed' },
      ],
    })
  })
})

test('the counts, bytes and times of each server stand beside its address', () => {
  const { recording } = measurement(recorderOf(EIGHT))
  const mx = { host: '127.0.0.1', port: 25 }
  expect(
    assembleServers(recording, [
      { ...mx, name: 'mx1' },
      { ...mx, name: 'mx2' },
    ]),
  ).toMatchObject([
    {
      ...mx,
      name: 'mx1',
      accepted: 2,
      deferred: 1,
      rejected: 0,
      failed: 3,
      bytes: 500,
      response_time_ms: { count: 6 },
    },
    { ...mx, name: 'mx2', accepted: 1, rejected: 1, bytes: 200, response_time_ms: { count: 2, max: 50 } },
  ])
  const three = ['mx1', 'mx2', 'mx3'].map((name) => ({ ...mx, name }))
  expect(() => assembleServers(recording, three)).toThrow('recording has no target 2')
})

describe('the timeline', () => {
  const pacer = createPacer({ executor: 'constant-arrival-rate', ratePerSecond: 2, durationSeconds: 3 })
  const recorder = new Recorder({ startMs: 0, phaseCount: 3, targetCount: 1 })
  recorder.recordSessionOpened(0)
  // Due at 0, 500, 1000, 1500, 2000 and 2500 ms; the one session takes 1.2 s for each.
  for (const message of [0, 1]) {
    const sentMs = message * 1_200
    recorder.record(sampleOf({ message, dueMs: message * 500, sentMs, endedMs: sentMs + 1_200, bytes: 10 }))
  }
  const recording = recorder.snapshot()

  it('tells for the end of each second what was due, in flight and waiting', () => {
    const rows = assembleTimeline({ pacer, recording })
    expect(rows.map(({ second }) => second)).toEqual([0, 1, 2])
    expect(rows.map(({ due }) => due)).toEqual([2, 2, 2])
    expect(rows.map(({ started }) => started)).toEqual([1, 1, 0])
    expect(rows.map(({ accepted, bytes }) => [accepted, bytes])).toEqual([
      [0, 0],
      [1, 10],
      [1, 10],
    ])
    expect(rows.map(({ in_flight }) => in_flight)).toEqual([1, 1, 0])
    expect(rows.map(({ queued }) => queued)).toEqual([1, 2, 4])
    expect(rows.map(({ sessions_opened }) => sessions_opened)).toEqual([1, 0, 0])
    expect(rows.map(({ response_time_ms: { count } }) => count)).toEqual([0, 1, 1])
  })

  it('has nothing in flight of what failed, was deferred or rejected', () => {
    const ended = recorderOf(EIGHT.slice(0, 7)).snapshot()
    expect(assembleTimeline({ pacer, recording: ended })).toMatchObject([
      { started: 7, accepted: 2, deferred: 1, rejected: 1, failed: 3, in_flight: 0 },
    ])
  })

  it('knows no queue in the closed model, where messages are due when they start', () => {
    const closedModel = createPacer({ executor: 'shared-iterations', messages: 6 })
    const rows = assembleTimeline({ pacer: closedModel, recording })
    expect(rows.map(({ due, queued }) => [due, queued])).toEqual([
      [1, 0],
      [1, 0],
      [0, 0],
    ])
  })

  it('from a later second on is the same, for it is summed from the start', () => {
    expect(assembleTimeline({ pacer, recording }, 2)).toEqual(assembleTimeline({ pacer, recording }).slice(2))
  })
})

test('the rate of a plan is its messages over its window, and none where workers go by their own pace', () => {
  const rateOf = (schedule: Parameters<typeof createPacer>[0]) => targetRate(createPacer(schedule))
  expect(rateOf({ executor: 'constant-arrival-rate', ratePerSecond: 50, durationSeconds: 4 })).toBe(50)
  expect(rateOf({ executor: 'constant-workers', durationSeconds: 4 })).toBeNull()
  expect(rateOf({ executor: 'shared-iterations', messages: 4 })).toBeNull()
})

test('nothing is broken down where nothing failed', () => {
  expect(assembleMetrics(measurement(recorderOf([{}]))).error_breakdown).toEqual({})
})
