import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Recorder } from './recorder.ts'
import { mergeRecordings, mergeSessionCaps, type Recording, shiftRecording } from './recording.ts'
import { PHASE_COUNT, sampleOf, samples, TARGET_COUNT } from './sample.fixture.ts'
import type { Sample } from './sample.ts'

function recordingOf(part: readonly Sample[]): Recording {
  const recorder = new Recorder({ startMs: 0, phaseCount: PHASE_COUNT, targetCount: TARGET_COUNT })
  for (const sample of part) recorder.record(sample)
  return recorder.snapshot()
}

const merge = (parts: readonly Recording[]) => mergeRecordings(parts, PHASE_COUNT, TARGET_COUNT)

/** The rows of failures come in no certain order. */
function inOrder(recording: Recording): Recording {
  const key = ({ target, outcome, class: failureClass }: Recording['failures'][number]) =>
    `${target} ${outcome} ${failureClass}`
  return { ...recording, failures: recording.failures.toSorted((a, b) => key(a).localeCompare(key(b))) }
}

describe('mergeRecordings', () => {
  it('makes of any parts exactly what one recorder of the whole would hold', () => {
    fc.assert(
      fc.property(
        samples,
        fc.integer({ min: 1, max: 4 }),
        fc.infiniteStream(fc.nat(3)),
        (whole, count, deal) => {
          const parts: Sample[][] = Array.from({ length: count }, () => [])
          for (const sample of whole) parts[(deal.next().value as number) % count]?.push(sample)
          expect(inOrder(merge(parts.map(recordingOf)))).toEqual(inOrder(recordingOf(whole)))
        },
      ),
    )
  })

  it('of nothing is a recording of nothing, with all its phases and targets', () => {
    const none = merge([])
    expect(none.phases).toHaveLength(PHASE_COUNT)
    expect(none.targets).toHaveLength(TARGET_COUNT)
    expect(none).toEqual(recordingOf([]))
  })

  it('keeps the text of the failure that came first, from whichever part', () => {
    const failedAt = (endedMs: number, text: string) =>
      recordingOf([
        sampleOf({ endedMs, outcome: 'failed', failure: { class: 'timeout', phase: 'data', text } }),
      ])
    expect(merge([failedAt(9, 'no 2'), failedAt(4, 'no 1')]).failures).toMatchObject([
      { text: 'no 1', pattern: 'no #', count: 2, firstMs: 4, lastMs: 9 },
    ])
  })
})

it('sums what befell sessions and recipients of all parts, second by second', () => {
  const quit = { class: 'timeout', phase: 'quit', text: 'no 221' } as const
  const refusal = { class: 'reply', phase: 'envelope', code: 550, text: 'no', outcome: 'rejected' } as const
  const newRecorder = () => new Recorder({ startMs: 0, phaseCount: PHASE_COUNT, targetCount: TARGET_COUNT })
  const [whole, ...parts] = [newRecorder(), newRecorder(), newRecorder()] as const
  const all: readonly ((recorder: Recorder) => void)[] = [
    (recorder) => recorder.recordSessionOpened(100),
    (recorder) => recorder.recordSessionOpened(1_200),
    (recorder) => recorder.recordSessionOpened(1_300),
    (recorder) => recorder.recordReconnect(),
    (recorder) => recorder.recordReconnect(),
    (recorder) => recorder.recordReconnect(),
    (recorder) => recorder.recordSessionFailure(quit, 0, 1_400),
    (recorder) => recorder.recordSessionFailure(quit, 0, 1_500),
    (recorder) => recorder.record(sampleOf({ recipientsRefused: 1, recipientFailures: [refusal] })),
    (recorder) => recorder.record(sampleOf({ recipientsRefused: 1, recipientFailures: [refusal] })),
    (recorder) => recorder.recordSessionCap(0, { messages: 5, sessions: 1, failure: quit }),
    (recorder) => recorder.recordSessionCap(1, { messages: 6, sessions: 1, failure: quit }),
  ]
  for (const [index, happened] of all.entries()) {
    happened(whole)
    happened(parts[index % 2] as Recorder)
  }
  expect(merge(parts.map((part) => part.snapshot()))).toEqual(whole.snapshot())
})

describe('caps of several threads', () => {
  const cap = (target: number | string, messages: number, sessions: number) => ({
    target,
    messages,
    sessions,
  })

  it('are summed where they agree, and of those that differ the one of most sessions stands', () => {
    expect(mergeSessionCaps([cap(0, 50, 2), cap(1, 7, 1), cap(0, 49, 3), cap(0, 50, 2)])).toEqual([
      cap(0, 50, 4),
      cap(1, 7, 1),
    ])
    expect(mergeSessionCaps([cap('mx', 49, 3), cap('mx', 50, 2)])).toEqual([cap('mx', 49, 3)])
    expect(mergeSessionCaps([cap('mx', 49, 1), cap('mx', 50, 2)])).toEqual([cap('mx', 50, 2)])
    // Of two that were seen as often the first stands.
    expect(mergeSessionCaps([cap(0, 49, 2), cap(0, 50, 2)])).toEqual([cap(0, 49, 2)])
    expect(mergeSessionCaps([])).toEqual([])
  })

  it('are of their own target, however numbers read side by side', () => {
    expect(mergeSessionCaps([cap(1, 12, 1), cap(11, 2, 1)])).toEqual([cap(1, 12, 1), cap(11, 2, 1)])
  })
})

/** What a recorder that started at `startMs` has of messages at these times, and of what befell their sessions. */
function recorded(startMs: number) {
  const options = {
    startMs,
    phaseCount: 3,
    targetCount: 1,
    metrics: { depth: 'gauge', never: 'gauge' },
  } as const
  const recorder = new Recorder({ ...options, clock: { nowMs: () => 6_000 } })
  const failure = { class: 'timeout', phase: 'data', text: 'nothing came' } as const
  const refusal = { class: 'reply', phase: 'envelope', code: 550, text: 'no', outcome: 'rejected' } as const
  recorder.recordSessionOpened(5_050)
  recorder.custom.add('depth', 3)
  for (const [message, dueMs] of [5_100, 5_900, 7_300].entries()) {
    const outcome = message === 1 ? ({ outcome: 'failed', failure } as const) : {}
    const refused = message === 0 ? { recipientsRefused: 1, recipientFailures: [refusal] } : {}
    recorder.record(sampleOf({ message, dueMs, sentMs: dueMs, endedMs: dueMs + 200, ...outcome, ...refused }))
  }
  recorder.recordSessionFailure({ ...failure, phase: 'quit' }, 0, 7_600)
  return recorder.snapshot()
}

/** Nothing but an opened session. */
function opened(startMs: number) {
  const recorder = new Recorder({ startMs, phaseCount: 3, targetCount: 1 })
  recorder.recordSessionOpened(5_050)
  return recorder.snapshot()
}

it('is what a recorder with the earlier start would have, and on its own time axis all that it holds', () => {
  expect(shiftRecording(recorded(5_000), 3)).toEqual(recorded(2_000))
  expect(shiftRecording(recorded(5_000), 0)).toEqual(recorded(5_000))
  expect(shiftRecording(opened(5_000), 3)).toEqual(opened(2_000))
  expect(shiftRecording(recordingOf([]), 3)).toEqual(recordingOf([]))
})

it('refuses what is not whole seconds: the timeline could not be moved exactly', () => {
  expect(() => shiftRecording(recorded(0), 0.5)).toThrow('0.5 is not a number of seconds')
  expect(() => shiftRecording(recorded(0), -1)).toThrow('-1 is not a number of seconds')
})
