import { expect, it } from 'vitest'
import { Recorder } from './recorder.ts'
import { shiftRecording } from './recording.ts'
import { sampleOf } from './sample.fixture.ts'

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
  expect(() => shiftRecording(recorded(0), 0.5)).toThrow('0.5 is no number of seconds')
})
