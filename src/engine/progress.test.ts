import { describe, expect, it } from 'vitest'
import { createPacer } from './executors/registry.ts'
import { progressOf } from './progress.ts'
import { Recorder } from './recorder.ts'
import { sampleOf } from './sample.fixture.ts'

/** Ten messages a second, each answered after `serviceMs`; those due after `stallMs` are not started. */
function soFar(elapsedMs: number, stallMs = Number.POSITIVE_INFINITY) {
  const pacer = createPacer({ executor: 'constant-arrival-rate', ratePerSecond: 10, durationSeconds: 60 })
  const recorder = new Recorder({ startMs: 0, phaseCount: 0, targetCount: 1 })
  for (let message = 0; pacer.dueMs(message) < Math.min(elapsedMs - 900, stallMs); message++) {
    const dueMs = pacer.dueMs(message)
    const phasesMs = new Float64Array(0)
    recorder.record(sampleOf({ message, dueMs, sentMs: dueMs, endedMs: dueMs + 20, phasesMs }))
  }
  const run = { scenario: 'x', part: null, runId: 'r', workers: 3 }
  return progressOf({ ...run, pacer, recording: recorder.snapshot(), elapsedMs })
}

describe('progressOf', () => {
  it('does not take messages that it has not yet been told of for a queue', () => {
    expect(soFar(5_500)).toMatchObject({ queued: 0, in_flight: 0, accepted: 46, workers: 3 })
  })

  it('sees the queue of a stall, a second after', () => {
    expect(soFar(10_000, 5_000)).toMatchObject({ queued: 40, accepted: 50 })
  })

  it('has percentiles of what has ended, null before anything has', () => {
    const { p50_ms, p95_ms, p99_ms } = soFar(5_000)
    for (const ms of [p50_ms, p95_ms, p99_ms]) expect(ms).toBeCloseTo(20, 1)
    expect(soFar(500)).toMatchObject({ p50_ms: null, p95_ms: null, p99_ms: null, queued: 0 })
  })
})

const facts = { scenario: 'x', part: 'a', runId: 'r' }
const newRecorder = () => new Recorder({ startMs: 0, phaseCount: 0, targetCount: 2 })
const phasesMs = new Float64Array(0)
const shared = createPacer({ executor: 'shared-iterations', messages: 100 })

/** So many messages in each second, in its middle, each answered within it. */
function recorded(...perSecond: readonly number[]) {
  const recorder = newRecorder()
  for (const [second, count] of perSecond.entries())
    for (let n = 0; n < count; n++) {
      const sentMs = second * 1_000 + 500
      recorder.record(sampleOf({ dueMs: sentMs, sentMs, endedMs: sentMs + 5, phasesMs }))
    }
  return recorder
}

describe('the rate lately', () => {
  it.each([
    // The seconds 2, 3 and 4.
    [5_400, [9, 9, 2, 3, 4, 50], 3],
    [2_999, [4, 2, 50], 3],
    [1_000, [7], 7],
    // In the first second of what has ended in it so far.
    [700, [7], 10],
    [0, [7], 0],
    [3_000, [0, 0, 0], 0],
  ])('after %d ms with %j ended a second is %d/s', (elapsedMs, perSecond, rate) => {
    const recording = recorded(...perSecond).snapshot()
    expect(progressOf({ ...facts, pacer: shared, recording, elapsedMs }).rate).toBe(rate)
  })
})

describe('the time left', () => {
  it('is that of the window, where the load has one', () => {
    const pacer = createPacer({ executor: 'constant-workers', durationSeconds: 60 })
    const left = (elapsedMs: number) =>
      progressOf({ ...facts, pacer, recording: recorded(4).snapshot(), elapsedMs })
    expect(left(20_000)).toMatchObject({ left_seconds: 40, window_seconds: 60, planned: null })
    expect(left(61_000).left_seconds).toBe(0)
  })

  it('follows from the rate where messages are counted, and is not known before any has ended', () => {
    const so = (...perSecond: number[]) =>
      progressOf({
        ...facts,
        pacer: shared,
        recording: recorded(...perSecond).snapshot(),
        elapsedMs: perSecond.length * 1_000,
      })
    // 88 more at 4 a second.
    expect(so(4, 4, 4)).toMatchObject({
      left_seconds: 22,
      window_seconds: null,
      planned: 100,
      target_rate: null,
    })
    expect(so(0, 0)).toMatchObject({ left_seconds: null, rate: 0 })
  })
})

it('counts what has ended by outcome over all targets, what is in flight, and what befell sessions', () => {
  const recorder = recorded(3)
  const failure = { class: 'reply', phase: 'accept', code: 451, text: 'later' } as const
  for (const [index, outcome] of (['deferred', 'rejected', 'rejected', 'failed'] as const).entries())
    recorder.record(
      sampleOf({
        target: index % 2,
        sentMs: 100,
        endedMs: 1_700,
        outcome,
        failure,
        phasesMs,
        recipientsRefused: 2,
      }),
    )
  recorder.recordReconnect()
  for (const target of [0, 0, 1]) recorder.recordSessionFailure({ ...failure, phase: 'quit' }, target, 900)
  const told = progressOf({ ...facts, pacer: shared, recording: recorder.snapshot(), elapsedMs: 2_500 })
  expect(told).toMatchObject({
    ...{ scenario: 'x', part: 'a', run_id: 'r', elapsed_seconds: 2.5 },
    ...{ accepted: 3, deferred: 1, rejected: 2, failed: 1, in_flight: 0, queued: 0 },
    ...{ recipients_refused: 8, reconnects: 1, session_failures: 3 },
  })
  expect(told).not.toHaveProperty('workers')
})

it('names the five most frequent failures, the most frequent first, of all targets together', () => {
  const recorder = newRecorder()
  const counts = { 421: 1, 450: 2, 451: 6, 452: 3, 550: 5, 554: 4 }
  for (const [code, count] of Object.entries(counts))
    for (let n = 0; n < count; n++) {
      const failure = { class: 'reply', phase: 'accept', code: Number(code), text: 'no' } as const
      recorder.record(sampleOf({ target: n % 2, outcome: 'failed', failure, phasesMs }))
    }
  const { errors } = progressOf({ ...facts, pacer: shared, recording: recorder.snapshot(), elapsedMs: 2_500 })
  expect(errors).toEqual([
    ['reply_451', 6],
    ['reply_550', 5],
    ['reply_554', 4],
    ['reply_452', 3],
    ['reply_450', 2],
  ])
})

it('knows no queue in the first two seconds, and none in the closed model', () => {
  const open = createPacer({ executor: 'constant-arrival-rate', ratePerSecond: 10, durationSeconds: 60 })
  const queued = (elapsedMs: number, pacer = open) =>
    progressOf({ ...facts, pacer, recording: recorded(4).snapshot(), elapsedMs }).queued
  // Of the 10 that were due in the first second 4 were started.
  expect([1_999, 2_000, 3_999].map((ms) => queued(ms))).toEqual([0, 6, 16])
  expect(queued(3_999, shared)).toBe(0)
  // Those that were started since then were not all told of.
  const recording = recorded(4, 0, 9).snapshot()
  expect(progressOf({ ...facts, pacer: open, recording, elapsedMs: 2_500 }).queued).toBe(6)
})
