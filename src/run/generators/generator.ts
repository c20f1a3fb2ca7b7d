import { type CpuInfo, cpus } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock } from '../../engine/clock.ts'
import type { Split } from '../../engine/executors/registry.ts'
import { summarise } from '../../engine/histogram.ts'
import type { GeneratorResult, SplitResult } from '../../engine/result.ts'
import type { Measured } from '../../engine/threads/load-run.ts'
import { MailstormError } from '../../error.ts'
import type { SplitOptions } from '../../options/options.ts'
import { newRunId } from '../provenance.ts'
import { Meeting } from './meeting.ts'

/** Id of this process's next run, and its share of a split load. */
export interface RunStart {
  readonly runId: string
  readonly split?: Split
  /** Agreed start, in clock milliseconds. */
  readonly startAtMs?: number
}

/** Images are pulled, machines are added: a generator may be long in coming. */
const ALL_READY_WITHIN_MS = 15 * 60_000

/** A start further away was mistyped, or meant in another time zone. */
const LONGEST_WAIT_MS = 3_600_000

/** Names the runs of one process. Generators that share a load run the same scenarios in the same order. */
export class GeneratorSplit {
  readonly #options: SplitOptions | undefined
  #runs = 0
  #startAt: Date | undefined

  constructor(options: SplitOptions | undefined) {
    this.#options = options
    this.#startAt = options?.startAt
  }

  /** Waits until all generators are ready for their first run, where they have a place to say so. */
  async meet(signal: AbortSignal): Promise<void> {
    if (this.#options?.meeting === undefined || this.#runs > 0) return
    const { index, generators, meeting } = this.#options
    const clock = {
      nowEpochMs: () => Date.now(),
      wait: (ms: number) => sleep(ms, undefined, { signal }).catch(() => Promise.reject(interrupted())),
    }
    const { folder, leadMs } = meeting
    const agreed = new Meeting({ folder, generators, index, clock })
    this.#startAt = new Date(await agreed.agree({ leadMs, withinMs: ALL_READY_WITHIN_MS }))
  }

  /** Only the first run has an agreed start: how long it takes depends on the target. */
  nextRun(): RunStart {
    this.#runs++
    if (this.#options === undefined) return { runId: newRunId() }
    const { index, generators } = this.#options
    const startAt = this.#startAt
    const runId = `${this.#sharedRunId()}g${index}`
    const split = { index, generators }
    if (startAt === undefined || this.#runs > 1) return { runId, split }
    return { runId, split, startAtMs: systemClock.nowMs() + startAt.getTime() - Date.now() }
  }

  /** The split recorded in the result of the run named last. */
  resultOf(startsAt: Date): SplitResult | undefined {
    if (this.#options === undefined) return undefined
    const { index, generators } = this.#options
    const agreed = this.#runs === 1 ? this.#startAt : undefined
    return {
      generators,
      index,
      shared_run_id: this.#sharedRunId(),
      agreed_start: agreed?.toISOString() ?? null,
      started_at: startsAt.toISOString(),
      start_late_ms: agreed === undefined ? null : startsAt.getTime() - agreed.getTime(),
    }
  }

  /** Runs of one process must not share ids: `night7`, `night7r2`, … */
  #sharedRunId(): string {
    return `${this.#options?.sharedRunId}${this.#runs > 1 ? `r${this.#runs}` : ''}`
  }
}

function interrupted(): MailstormError {
  return new MailstormError(
    'INTERRUPTED',
    'Failed to start the run: it was interrupted before all generators were ready.',
  )
}

/** Time until the agreed start in ms at most, for time limits; throws when it is too far away to be intended. */
export function waitForStartMs(split: SplitOptions | undefined): number {
  if (split?.meeting !== undefined) return ALL_READY_WITHIN_MS + split.meeting.leadMs
  const waitMs = (split?.startAt?.getTime() ?? 0) - Date.now()
  if (waitMs <= LONGEST_WAIT_MS) return Math.max(0, waitMs)
  throw new MailstormError(
    'BAD_OPTIONS',
    `Failed to agree on a start: STRESS_START_AT is ${(waitMs / 3_600_000).toFixed(1)} hours from now, and a generator waits for one at most.`,
    'Set a time within the next hour; date -u +%FT%TZ -d "+2 min" writes one.',
  )
}

/** This generator's workers: every n-th one, as with its messages. */
export function ownWorkers(workers: number, split: Split | undefined): number[] {
  const all = Array.from({ length: workers }, (_, worker) => worker)
  if (split === undefined) return all
  if (workers >= split.generators) return all.filter((worker) => worker % split.generators === split.index)
  throw new MailstormError(
    'BAD_SCENARIO',
    `Failed to share the load: it has ${workers} workers for STRESS_GENERATORS=${split.generators}, and each needs one.`,
    'Set fewer generators, or more workers.',
  )
}

/** A busier thread may itself be what limits the run. */
const MAX_THREAD_CPU_PERCENT = 90
const MAX_MACHINE_CPU_PERCENT = 97
/** The pacer keeps p99 below 2 ms on an idle machine, and at 3 ms on a busy one. */
export const MAX_LAG_P99_MS = 10

/** Measures the load generator itself, so that a run can tell when the target was not to blame. */
export class GeneratorMeter {
  readonly #threads: number
  readonly #cpuBefore = process.cpuUsage()
  readonly #machineBefore = machineTimes()
  readonly #startedMs = performance.now()

  constructor(threads: number) {
    this.#threads = threads
  }

  stop(
    model: 'open' | 'closed',
    measured: Pick<Measured, 'recording' | 'threadCpuMs' | 'loopDelayMs'>,
  ): GeneratorResult {
    const elapsedMs = performance.now() - this.#startedMs
    const cpu = process.cpuUsage(this.#cpuBefore)
    const lag = summarise(measured.recording.lag)
    const reasons = boundReasons({
      threadCpuPercent: (measured.threadCpuMs / elapsedMs) * 100,
      machineCpuPercent: busyPercent(this.#machineBefore, machineTimes()),
      lagP99Ms: model === 'open' ? lag.p99 : null,
    })
    return {
      threads: this.#threads,
      cpu_percent: ((cpu.user + cpu.system) / 1000 / elapsedMs) * 100,
      scheduling_lag_ms: lag,
      event_loop_delay_ms: measured.loopDelayMs,
      bound: reasons.length > 0,
      bound_reasons: reasons,
    }
  }
}

interface Load {
  readonly threadCpuPercent: number
  readonly machineCpuPercent: number
  readonly lagP99Ms: number | null
}

function boundReasons({ threadCpuPercent, machineCpuPercent, lagP99Ms }: Load): string[] {
  const reasons: string[] = []
  if (threadCpuPercent > MAX_THREAD_CPU_PERCENT) {
    reasons.push(`a sender thread used ${threadCpuPercent.toFixed(0)} % of a core; raise STRESS_THREADS`)
  }
  if (machineCpuPercent > MAX_MACHINE_CPU_PERCENT) {
    reasons.push(`all ${cpus().length} cores of this machine were ${machineCpuPercent.toFixed(0)} % busy`)
  }
  if (lagP99Ms !== null && lagP99Ms > MAX_LAG_P99_MS) {
    reasons.push(`messages left late although a session was free: p99 ${lagP99Ms.toFixed(1)} ms`)
  }
  return reasons
}

interface Times {
  readonly busyMs: number
  readonly allMs: number
}

function machineTimes(): Times {
  const sum = (pick: (times: CpuInfo['times']) => number) =>
    cpus().reduce((total, { times }) => total + pick(times), 0)
  const idleMs = sum(({ idle }) => idle)
  const allMs = sum(({ user, nice, sys, idle, irq }) => user + nice + sys + idle + irq)
  return { busyMs: allMs - idleMs, allMs }
}

function busyPercent(before: Times, after: Times): number {
  const allMs = after.allMs - before.allMs
  return allMs === 0 ? 0 : ((after.busyMs - before.busyMs) / allMs) * 100
}
