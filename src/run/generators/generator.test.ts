import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../engine/clock.ts'
import { Recorder } from '../../engine/recorder.ts'
import type { GeneratorResult } from '../../engine/result.ts'
import { readOptions } from '../../options/options.ts'
import type { RunOptions } from '../scenario-run.ts'
import { SMTP_RUNS } from '../smtp/smtp-kind.ts'
import { GeneratorMeter, GeneratorSplit, MAX_LAG_P99_MS, ownWorkers, waitForStartMs } from './generator.ts'

const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1000)
const second = (startAt?: Date) =>
  new GeneratorSplit({ index: 1, generators: 3, sharedRunId: 'night7', startAt })

describe('GeneratorSplit', () => {
  it('gives each generator ids of its own, and each run of a process', () => {
    const split = second()
    expect([split.nextRun(), split.nextRun()]).toEqual([
      { runId: 'night7g1', split: { index: 1, generators: 3 } },
      { runId: 'night7r2g1', split: { index: 1, generators: 3 } },
    ])
    expect(split.resultOf(new Date(0))).toMatchObject({ shared_run_id: 'night7r2', start_late_ms: null })
  })

  it('starts the first run at the agreed time, and those after it when they can', () => {
    const startAt = inSeconds(20)
    const split = second(startAt)
    const { startAtMs = Number.NaN } = split.nextRun()
    expect(startAtMs - systemClock.nowMs()).toBeGreaterThan(19_000)
    expect(startAtMs - systemClock.nowMs()).toBeLessThanOrEqual(20_001)
    expect(split.resultOf(new Date(startAt.getTime() + 35))).toMatchObject({
      agreed_start: startAt.toISOString(),
      start_late_ms: 35,
    })
    expect(split.nextRun()).not.toHaveProperty('startAtMs')
  })

  it('starts the first run once all generators are ready, where they can meet', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'meeting-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const meeting = { folder, leadMs: 1_000 }
    const splits = [0, 1].map(
      (index) =>
        new GeneratorSplit({ index, generators: 2, sharedRunId: 'night7', startAt: undefined, meeting }),
    )
    await Promise.all(splits.map((split) => split.meet(new AbortController().signal)))
    const results = splits.map((split) => {
      expect(split.nextRun().startAtMs).toBeGreaterThan(systemClock.nowMs())
      return split.resultOf(new Date())
    })
    expect(results[0]?.agreed_start).toMatch(/^20/)
    expect(results[1]?.agreed_start).toBe(results[0]?.agreed_start)
  })

  it('does not wait for the others once it is told to end', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'meeting-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const meeting = { folder, leadMs: 0 }
    const split = new GeneratorSplit({
      index: 0,
      generators: 2,
      sharedRunId: 'x',
      startAt: undefined,
      meeting,
    })
    await expect(split.meet(AbortSignal.timeout(50))).rejects.toThrow(
      'interrupted before all generators were ready',
    )
  })

  it('is nothing to a generator that is alone', () => {
    const alone = new GeneratorSplit(undefined)
    const [first, next] = [alone.nextRun(), alone.nextRun()]
    expect(first).toEqual({ runId: expect.stringMatching(/^[a-z0-9]{10,}$/) })
    expect(next.runId).not.toBe(first.runId)
    expect(alone.resultOf(new Date())).toBeUndefined()
  })
})

describe('workers', () => {
  it('are dealt out, each to one generator', () => {
    const dealt = [0, 1, 2].map((index) => ownWorkers(7, { index, generators: 3 }))
    expect(dealt).toEqual([
      [0, 3, 6],
      [1, 4],
      [2, 5],
    ])
    expect(ownWorkers(3, undefined)).toEqual([0, 1, 2])
  })

  it('are refused when there are fewer than generators', () => {
    expect(() => ownWorkers(2, { index: 0, generators: 3 })).toThrow('2 workers for STRESS_GENERATORS=3')
  })

  it('being too few is no fault of the file that also has the scenario asked for', () => {
    const env = { STRESS_GENERATORS: '3', STRESS_GENERATOR_INDEX: '2', STRESS_RUN_ID: 'night7' }
    const plan = { workload: { workers: 2 } } as RunOptions
    expect(SMTP_RUNS.rows(plan, readOptions(env))).toHaveLength(1)
  })
})

describe('the wait for an agreed start', () => {
  const agreed = (startAt: Date | undefined) => ({ index: 0, generators: 2, sharedRunId: 'x', startAt })

  it('counts in time limits', () => {
    expect(waitForStartMs(undefined)).toBe(0)
    expect(waitForStartMs(agreed(undefined))).toBe(0)
    expect(waitForStartMs(agreed(inSeconds(-5)))).toBe(0)
    expect(waitForStartMs(agreed(inSeconds(60)))).toBeGreaterThan(59_000)
  })

  it('is refused beyond an hour: that was mistyped', () => {
    expect(() => waitForStartMs(agreed(inSeconds(7_200)))).toThrow('STRESS_START_AT is 2.0 hours from now')
  })
})

describe('the load generator is named as the limit', () => {
  /** What the sender threads measured: their CPU time, and how late messages left. */
  function stopped(model: 'open' | 'closed', { threadCpuMs = 0, lagMs = 0 }) {
    const recorder = new Recorder({ startMs: 0, phaseCount: 0, targetCount: 1 })
    recorder.recordLag(lagMs)
    const loopDelayMs = { p50: 1, p99: 2, max: 3 }
    return new GeneratorMeter(4).stop(model, { recording: recorder.snapshot(), threadCpuMs, loopDelayMs })
  }

  // Whether all cores are busy depends on what else runs here.
  const reasonsOf = ({ bound_reasons: reasons }: GeneratorResult) =>
    reasons.filter((reason) => !reason.startsWith('all '))

  it('when messages left late although a session was free, at a rate', () => {
    const late = stopped('open', { lagMs: 12 })
    expect(reasonsOf(late)).toEqual(['messages left late although a session was free: p99 12.0 ms'])
    expect(late).toMatchObject({
      ...{ threads: 4, bound: true, event_loop_delay_ms: { p50: 1, p99: 2, max: 3 } },
      scheduling_lag_ms: { count: 1, p99: 12 },
    })
    expect(reasonsOf(stopped('open', { lagMs: MAX_LAG_P99_MS }))).toEqual([])
    expect(reasonsOf(stopped('closed', { lagMs: 12 }))).toEqual([])
  })

  it('when one of its threads used up a core', () => {
    expect(reasonsOf(stopped('closed', { threadCpuMs: 1e9 }))).toEqual([
      expect.stringMatching(/^a sender thread used \d+ % of a core; raise STRESS_THREADS$/),
    ])
  })
})
