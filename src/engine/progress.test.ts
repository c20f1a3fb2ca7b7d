import { describe, expect, it } from 'vitest'
import { createPacer } from './executors/pacer.ts'
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
