import { describe, expect, it } from 'vitest'
import { createPacer, type Schedule } from '../engine/executors/registry.ts'
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
    expect(table).toMatchObject({ by: 'stage', note: 'Messages count in the stage in which they ended.' })
    expect(table?.columns.map(({ name }) => name)).toEqual(['due', 'accepted', 'throughput', 'p50', 'p99'])
    expect(table?.rows).toEqual([
      { label: '10/s', values: [20, 20, 10, 2, 2] },
      { label: '25/s', values: [25, 25, 25, 8, 8] },
      { label: '25 → 5/s', values: [15, 15, 15, 2, 2] },
    ])
  })

  it('counts messages that end after the last stage in that stage', () => {
    const table = recorded(steps, () => 1_500)
    expect(table?.rows.map(({ values }) => values.slice(0, 2))).toEqual([
      [20, 5],
      [25, 10],
      [15, 45],
    ])
  })

  it('reports what ended for stages of workers, but not what was due, which depends on the server', () => {
    const two = [stage(1, 2), stage(1, 2)]
    const schedule: Schedule = { executor: 'ramping-workers', startWorkers: 2, stages: two }
    const recorder = new Recorder({ startMs: 0, phaseCount: 3, targetCount: 1 })
    for (const ms of [100, 1_100, 1_200])
      recorder.record(sampleOf({ message: ms, dueMs: ms, sentMs: ms, endedMs: ms + 4 }))
    const table = stageFigures({ schedule, pacer: createPacer(schedule), recording: recorder.snapshot() })
    expect(table?.columns).toEqual([
      { name: 'accepted', unit: 'count' },
      { name: 'throughput', unit: 'per_second' },
      { name: 'p50', unit: 'ms' },
      { name: 'p99', unit: 'ms' },
    ])
    expect(table?.rows).toEqual([
      { label: '2 workers', values: [1, 1, 4, 4] },
      { label: '2 workers', values: [2, 2, 4, 4] },
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
