import { describe, expect, it } from 'vitest'
import { Recorder } from './recorder.ts'
import type { Recording } from './recording.ts'
import { PHASE_COUNT, sampleOf, TARGET_COUNT } from './sample.fixture.ts'
import type { Failure, RecipientFailure, Sample } from './sample.ts'

const START_MS = 50_000

function newRecorder(): Recorder {
  return new Recorder({ startMs: START_MS, phaseCount: PHASE_COUNT, targetCount: TARGET_COUNT })
}

/** Times count from the start. */
function recorded(...samples: readonly Partial<Sample>[]): Recording {
  const recorder = newRecorder()
  for (const sample of samples) {
    const { dueMs = 0, sentMs = dueMs, endedMs = sentMs } = sample
    const times = { dueMs: START_MS + dueMs, sentMs: START_MS + sentMs, endedMs: START_MS + endedMs }
    recorder.record(sampleOf({ ...sample, ...times }))
  }
  return recorder.snapshot()
}

const refusal: Failure = { class: 'reply', phase: 'accept', code: 451, text: 'try 1' }

describe('Recorder', () => {
  it('counts response time from due and service time from sent', () => {
    const { responseTime, serviceTime } = recorded({ dueMs: 100, sentMs: 350, endedMs: 400 })
    expect(responseTime).toMatchObject({ count: 1, min_ms: 300, max_ms: 300 })
    expect(serviceTime).toMatchObject({ count: 1, min_ms: 50, max_ms: 50 })
  })

  it('times failed attempts too', () => {
    const { responseTime, targets } = recorded({ endedMs: 7, outcome: 'failed', failure: refusal })
    expect(responseTime).toMatchObject({ count: 1, max_ms: 7 })
    expect(targets[0]?.responseTime.count).toBe(1)
  })

  it('counts outcomes and accepted bytes by target', () => {
    const { targets } = recorded(
      { target: 0, bytes: 10 },
      { target: 0, bytes: 20, outcome: 'rejected', failure: refusal },
      { target: 1, bytes: 40, outcome: 'deferred', failure: refusal },
      { target: 1, bytes: 80, outcome: 'failed', failure: refusal },
      { target: 1, bytes: 160 },
    )
    expect(targets).toMatchObject([
      { accepted: 1, deferred: 0, rejected: 1, failed: 0, acceptedBytes: 10 },
      { accepted: 1, deferred: 1, rejected: 0, failed: 1, acceptedBytes: 160 },
    ])
  })

  it('records the phases that happened, and one that belongs to no message', () => {
    const recorder = newRecorder()
    recorder.record(sampleOf({ phasesMs: Float64Array.of(5, Number.NaN, 0) }))
    recorder.recordPhase(1, 9)
    expect(recorder.snapshot().phases).toMatchObject([
      { count: 1, max_ms: 5 },
      { count: 1, max_ms: 9 },
      { count: 1, max_ms: 0 },
    ])
  })

  it('puts what started and what ended into the seconds in which they did', () => {
    const { seconds, lastStartMs, lastEndMs } = recorded(
      { sentMs: 100, endedMs: 999.9 },
      { sentMs: 200, endedMs: 1_000 },
      { sentMs: 3_000, endedMs: 3_500, outcome: 'failed', failure: refusal },
    )
    expect(seconds.map(({ started }) => started)).toEqual([2, 0, 0, 1])
    expect(seconds.map(({ accepted }) => accepted)).toEqual([1, 1, 0, 0])
    expect(seconds.map(({ failed }) => failed)).toEqual([0, 0, 0, 1])
    expect(seconds.map(({ responseTime }) => responseTime.count)).toEqual([1, 1, 0, 1])
    expect(seconds[1]?.responseTime.max_ms).toBe(1_000)
    expect({ lastStartMs, lastEndMs }).toEqual({ lastStartMs: 3_000, lastEndMs: 3_500 })
  })

  it('counts opened sessions in their second, and those before the start in the first', () => {
    const recorder = newRecorder()
    for (const atMs of [-5, 0, 999, 2_000]) recorder.recordSessionOpened(START_MS + atMs)
    expect(recorder.snapshot().seconds.map(({ sessionsOpened }) => sessionsOpened)).toEqual([3, 0, 1])
  })

  it('counts failures of one kind together, with the text and time of the first and the time of the last', () => {
    const { failures } = recorded(
      { endedMs: 10, outcome: 'deferred', failure: refusal },
      { endedMs: 20, outcome: 'deferred', failure: { ...refusal, text: 'try 2' } },
      { endedMs: 30, outcome: 'deferred', failure: { ...refusal, code: 452 } },
      { endedMs: 40, outcome: 'deferred', failure: refusal, target: 1 },
      { endedMs: 50 },
    )
    expect(failures).toEqual([
      { ...refusal, pattern: 'try #', target: 0, outcome: 'deferred', count: 2, firstMs: 10, lastMs: 20 },
      { ...refusal, code: 452, target: 0, outcome: 'deferred', count: 1, firstMs: 30, lastMs: 30 },
      { ...refusal, target: 1, outcome: 'deferred', count: 1, firstMs: 40, lastMs: 40 },
    ])
  })

  it('keeps the lag, and sums the recipients that were refused', () => {
    const recorder = newRecorder()
    recorder.recordLag(3)
    for (const recipientsRefused of [2, 0, 1]) recorder.record(sampleOf({ recipientsRefused }))
    expect(recorder.snapshot()).toMatchObject({ lag: { count: 1, max_ms: 3 }, recipientsRefused: 3 })
  })

  it('keeps why recipients were refused apart from why messages failed, by target', () => {
    const full: RecipientFailure = {
      class: 'reply',
      phase: 'envelope',
      code: 452,
      text: 'full',
      outcome: 'deferred',
    }
    const unknown: RecipientFailure = { ...full, code: 550, text: 'unknown', outcome: 'rejected' }
    const { failures, recipientFailures, recipientsRefused } = recorded(
      { endedMs: 10, target: 1, recipientsRefused: 2, recipientFailures: [full, unknown] },
      { endedMs: 20, target: 1, recipientsRefused: 1, recipientFailures: [full] },
      // Of a message that was refused itself, they are told by its own failure.
      {
        endedMs: 30,
        recipientsRefused: 0,
        recipientFailures: [unknown],
        outcome: 'rejected',
        failure: refusal,
      },
    )
    expect([failures.length, recipientsRefused]).toEqual([1, 3])
    expect(recipientFailures).toEqual([
      { ...full, target: 1, count: 2, firstMs: 10, lastMs: 20 },
      { ...unknown, target: 1, count: 1, firstMs: 10, lastMs: 10 },
    ])
  })

  it('keeps how sessions ended, by target and from the start on', () => {
    const recorder = newRecorder()
    const noGoodbye: Failure = { class: 'timeout', phase: 'quit', text: 'no 221' }
    for (const atMs of [100, 400]) recorder.recordSessionFailure(noGoodbye, 1, START_MS + atMs)
    expect(recorder.snapshot()).toMatchObject({
      failures: [],
      sessionFailures: [{ ...noGoodbye, target: 1, outcome: 'failed', count: 2, firstMs: 100, lastMs: 400 }],
    })
  })

  it('counts the messages that went to a new session', () => {
    const recorder = newRecorder()
    for (let n = 0; n < 3; n++) recorder.recordReconnect()
    expect(recorder.snapshot().reconnects).toBe(3)
  })

  it('keeps what is known last of each target’s cap, and nothing of one that is none', () => {
    const recorder = newRecorder()
    const cap = { messages: 50, sessions: 1, failure: refusal }
    recorder.recordSessionCap(0, cap)
    recorder.recordSessionCap(1, { ...cap, messages: 7 })
    recorder.recordSessionCap(0, { ...cap, sessions: 2 })
    expect(recorder.snapshot().sessionCaps).toEqual([
      { target: 0, ...cap, sessions: 2 },
      { target: 1, ...cap, messages: 7 },
    ])
    recorder.recordSessionCap(0, undefined)
    expect(recorder.snapshot().sessionCaps).toEqual([{ target: 1, ...cap, messages: 7 }])
  })

  it('refuses a sample of a target that it does not know', () => {
    expect(() => newRecorder().record(sampleOf({ target: 2 }))).toThrow('unknown target 2')
  })

  it('gives snapshots that later samples do not change', () => {
    const recorder = newRecorder()
    recorder.record(sampleOf({ outcome: 'deferred', failure: refusal }))
    const before = recorder.snapshot()
    const copy = structuredClone(before)
    recorder.record(sampleOf({ outcome: 'deferred', failure: refusal, endedMs: 1 }))
    expect(before).toEqual(copy)
    expect(recorder.snapshot().responseTime.count).toBe(2)
  })
})
