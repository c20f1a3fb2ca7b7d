import { describe, expect, it } from 'vitest'
import { createPacer } from '../engine/executors/pacer.ts'
import type { Schedule } from '../engine/executors/registry.ts'
import { Recorder } from '../engine/recorder.ts'
import { sampleOf } from '../engine/sample.fixture.ts'
import { stageFigures } from './stages.ts'

const stage = (durationSeconds: number, target: number) => ({ durationSeconds, target })
const steps: Schedule = {
  executor: 'ramping-arrival-rate',
  startRatePerSecond: 10,
  stages: [stage(2, 10), stage(0, 25), stage(1, 25), stage(1, 5)],
}

/** Every message takes `serviceMs(due)`. */
function recorded(schedule: Schedule, serviceMs: (dueMs: number) => number) {
  const pacer = createPacer(schedule)
  const recorder = new Recorder({ startMs: 0, phaseCount: 3, targetCount: 1 })
  for (let message = 0; message < pacer.total; message++) {
    const dueMs = pacer.dueMs(message)
    recorder.record(sampleOf({ message, dueMs, sentMs: dueMs, endedMs: dueMs + serviceMs(dueMs) }))
  }
  return stageFigures({ schedule, pacer, recording: recorder.snapshot() })
}

describe('stageFigures', () => {
  it('has a row for each stage that takes time, with what was due and what ended in it', () => {
    const table = recorded(steps, (dueMs) => (dueMs >= 2_000 && dueMs < 3_000 ? 8 : 2))
    expect(table?.columns.map(({ name }) => name)).toEqual(['due', 'accepted', 'throughput', 'p50', 'p99'])
    expect(table?.rows).toEqual([
      { label: '10/s', values: [20, 20, 10, 2, 2] },
      { label: '25/s', values: [25, 25, 25, 8, 8] },
      { label: '25 → 5/s', values: [15, 15, 15, 2, 2] },
    ])
  })

  it('counts what ends after the last stage with it', () => {
    const table = recorded(steps, () => 1_500)
    expect(table?.rows.map(({ values }) => values.slice(0, 2))).toEqual([
      [20, 5],
      [25, 10],
      [15, 45],
    ])
  })

  it.each([
    [{ executor: 'constant-arrival-rate', ratePerSecond: 5, durationSeconds: 1 }, 'no stages'],
    [{ ...steps, stages: [stage(1, 10)] }, 'a single stage'],
    [{ ...steps, stages: [stage(0.5, 10), stage(1.5, 20)] }, 'stages that change within a second'],
  ] as [Schedule, string][])('has nothing to tell: row %#, %s', (schedule) => {
    expect(recorded(schedule, () => 1)).toBeUndefined()
  })
})
