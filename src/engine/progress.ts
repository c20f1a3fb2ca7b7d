import type { Pacer } from './executors/executor.ts'
import { failureName } from './failure-kinds.ts'
import { quantileMs } from './histogram.ts'
import { targetRate } from './measurement.ts'
import type { Recording } from './recording.ts'

/** State of a run while it goes on, sent at most once a second; small, plain data. */
export interface Progress {
  readonly scenario: string
  readonly part: string | null
  readonly run_id: string
  readonly elapsed_seconds: number
  /** Null where time alone ends the run. */
  readonly planned: number | null
  /** Length of the attack window; null where it ends with the last message. */
  readonly window_seconds?: number | null
  readonly accepted: number
  readonly deferred: number
  readonly rejected: number
  readonly failed: number
  readonly in_flight: number
  /** Due but not started; 0 in the closed model. */
  readonly queued?: number
  /** Of the plan. */
  readonly workers?: number
  /** Messages ended per second over the last seconds. */
  readonly rate: number
  readonly target_rate: number | null
  /** Response time so far in ms; null before the first message has ended. */
  readonly p50_ms: number | null
  readonly p95_ms?: number | null
  readonly p99_ms: number | null
  /** Failures so far by class or reply code, the most frequent first, at most five. */
  readonly errors: readonly (readonly [name: string, count: number])[]
  /** So far, as the result's metrics of these names. */
  readonly recipients_refused?: number
  readonly reconnects?: number
  readonly session_failures?: number
  /** Estimated seconds left; null when it cannot be told yet. */
  readonly left_seconds: number | null
}

export interface RunSoFar {
  readonly scenario: string
  readonly part: string | null
  readonly runId: string
  readonly pacer: Pacer
  readonly recording: Recording
  readonly elapsedMs: number
  readonly workers?: number
}

/** Rates of single seconds jump; of these many they can be read. */
const RATE_SECONDS = 3
const MAX_ERRORS = 5

/** What to tell of a run that is under way. */
export function progressOf(run: RunSoFar): Progress {
  const { scenario, part, runId, pacer, recording, elapsedMs, workers } = run
  const { count } = recording.responseTime
  const sum = (outcome: 'accepted' | 'deferred' | 'rejected' | 'failed') =>
    recording.targets.reduce((total, target) => total + target[outcome], 0)
  const started = recording.seconds.reduce((total, second) => total + second.started, 0)
  const rate = recentRate(recording, elapsedMs)
  return {
    scenario,
    part,
    run_id: runId,
    elapsed_seconds: elapsedMs / 1000,
    planned: Number.isFinite(pacer.total) ? pacer.total : null,
    window_seconds: pacer.windowMs === undefined ? null : pacer.windowMs / 1000,
    accepted: sum('accepted'),
    deferred: sum('deferred'),
    rejected: sum('rejected'),
    failed: sum('failed'),
    in_flight: started - count,
    queued: queuedLately(run),
    ...(workers === undefined ? {} : { workers }),
    rate,
    target_rate: targetRate(pacer),
    p50_ms: count === 0 ? null : quantileMs(recording.responseTime, 0.5),
    p95_ms: count === 0 ? null : quantileMs(recording.responseTime, 0.95),
    p99_ms: count === 0 ? null : quantileMs(recording.responseTime, 0.99),
    errors: mostFrequent(recording),
    recipients_refused: recording.recipientsRefused,
    reconnects: recording.reconnects,
    session_failures: recording.sessionFailures.reduce((total, row) => total + row.count, 0),
    left_seconds: secondsLeft(pacer, count, rate, elapsedMs),
  }
}

/** Messages ended per second over the last whole seconds, or since the start in the first one. */
function recentRate({ seconds, responseTime }: Recording, elapsedMs: number): number {
  const whole = Math.floor(elapsedMs / 1000)
  if (whole === 0) return elapsedMs > 0 ? (responseTime.count * 1000) / elapsedMs : 0
  const from = Math.max(0, whole - RATE_SECONDS)
  const ended = seconds.slice(from, whole).reduce((total, second) => total + second.responseTime.count, 0)
  return ended / (whole - from)
}

/** At the end of the last second that all threads have told of: what they tell is up to a second old. */
function queuedLately({ pacer, recording, elapsedMs }: RunSoFar): number {
  const told = Math.floor(elapsedMs / 1000) - 1
  if (pacer.model === 'closed' || told <= 0) return 0
  const started = recording.seconds.slice(0, told).reduce((total, second) => total + second.started, 0)
  // What is due at that very moment can start only after it.
  return Math.max(0, pacer.dueBy(told * 1000 - 0.001) - started)
}

function secondsLeft(pacer: Pacer, ended: number, rate: number, elapsedMs: number): number | null {
  if (pacer.windowMs !== undefined) return Math.max(0, (pacer.windowMs - elapsedMs) / 1000)
  return rate > 0 ? (pacer.total - ended) / rate : null
}

function mostFrequent({ failures }: Recording): [string, number][] {
  const counts = new Map<string, number>()
  for (const row of failures) counts.set(failureName(row), (counts.get(failureName(row)) ?? 0) + row.count)
  return [...counts].toSorted((a, b) => b[1] - a[1]).slice(0, MAX_ERRORS)
}
