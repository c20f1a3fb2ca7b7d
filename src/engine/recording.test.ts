import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Recorder } from './recorder.ts'
import { mergeRecordings, type Recording, shiftRecording } from './recording.ts'
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

/** What a recorder that started at `startMs` has of messages at these times. */
function recorded(startMs: number) {
  const recorder = new Recorder({ startMs, phaseCount: 3, targetCount: 1 })
  for (const [message, dueMs] of [5_100, 5_900, 7_300].entries()) {
    const failure = { class: 'timeout', phase: 'data', text: 'nothing came' } as const
    const outcome = message === 1 ? ({ outcome: 'failed', failure } as const) : {}
    recorder.record(sampleOf({ message, dueMs, sentMs: dueMs, endedMs: dueMs + 200, ...outcome }))
  }
  return recorder.snapshot()
}

it('is what a recorder with the earlier start would have', () => {
  expect(shiftRecording(recorded(5_000), 3)).toEqual(recorded(2_000))
  expect(shiftRecording(recorded(5_000), 0)).toEqual(recorded(5_000))
})

it('refuses what is not whole seconds: the timeline could not be moved exactly', () => {
  expect(() => shiftRecording(recorded(0), 0.5)).toThrow('0.5 is not a number of seconds')
})
