import type { Pacer } from './executors/executor.ts'
import { failureName } from './failure-kinds.ts'
import { quantileMs } from './histogram.ts'
import { targetRate } from './measurement.ts'
import type { Recording } from './recording.ts'

/** A run while it goes on, told once a second. Counts are of the run so far. */
export interface Progress {
  /** Name of the scenario, or of the run. */
  readonly scenario: string
  /** Name of the part in a scenario of several runs; null in any other. */
  readonly part: string | null
  /** Unique id of the run. */
  readonly run_id: string
  /** Seconds since the start. */
  readonly elapsed_seconds: number
  /** Messages of the plan; null where time alone ends the run. */
  readonly planned: number | null
  /** Length of the attack window in seconds; null where it ends with the last message. */
  readonly window_seconds?: number | null
  /** Messages accepted. */
  readonly accepted: number
  /** Messages deferred (4xx). */
  readonly deferred: number
  /** Messages rejected (5xx). */
  readonly rejected: number
  /** Messages that failed without a reply. */
  readonly failed: number
  /** Messages started and not ended. */
  readonly in_flight: number
  /** Messages due and not started; 0 in the closed model. */
  readonly queued?: number
  /** Workers of the plan. */
  readonly workers?: number
  /** Messages ended per second, over the last three seconds. */
  readonly rate: number
  /** Messages per second to start; null in the closed model. */
  readonly target_rate: number | null
  /** Median of the response time in ms; null before the first message has ended. */
  readonly p50_ms: number | null
  /** p95 of the response time in ms; null before the first message has ended. */
  readonly p95_ms?: number | null
  /** p99 of the response time in ms; null before the first message has ended. */
  readonly p99_ms: number | null
  /** Failures by class or reply code, the most frequent first; at most five. */
  readonly errors: readonly (readonly [name: string, count: number])[]
  /** Refused recipients of messages that were accepted for others. */
  readonly recipients_refused?: number
  /** Messages that moved to a new session. */
  readonly reconnects?: number
  /** Sessions that ended badly at RSET or QUIT. */
  readonly session_failures?: number
  /** While the run waits for its mail behind the servers: messages times recipients. */
  readonly delivery?: {
    /** Of those, what has arrived so far. */
    readonly arrived: number
    /** Acknowledged, without refused recipients. */
    readonly expected: number
  }
  /** Estimated seconds left; null when that cannot be told yet. */
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
