import type { LatencySummary } from './histogram.ts'
import type { Outcome } from './sample.ts'

/** The figures of a whole run. */
export interface Metrics {
  /** Of the plan; those that were not reached are none of the figures below but their own. */
  readonly total_messages: number
  readonly successful_messages: number
  /** Everything that was due and not accepted, dropped messages among them. */
  readonly failed_messages: number
  readonly connection_errors: number
  readonly total_bytes_sent: number
  /** Attack window and drain together. */
  readonly duration_seconds: number
  /** Accepted messages over the whole duration; same as `throughput`. */
  readonly messages_per_second: number
  readonly avg_response_time_ms: number | null
  readonly min_response_time_ms: number | null
  readonly max_response_time_ms: number | null
  /** Response time (from due to final reply) of every attempt; named as the older generator named it. */
  readonly latency_ms: Omit<LatencySummary, 'count'>
  readonly error_breakdown: Readonly<Record<string, number>>
  readonly start_time: string
  readonly end_time: string

  readonly outcomes: Readonly<Record<Outcome, number>>
  /** Accepted of those that were due; 0 when none was. */
  readonly success_rate: number
  readonly window_seconds: number
  readonly drain_seconds: number
  /** Messages started per second within the window. */
  readonly rate: number
  /** Accepted messages per second over window and drain. */
  readonly throughput: number
  /** |rate − target| / target; null in the closed model. */
  readonly rate_error: number | null
  readonly response_time_ms: LatencySummary
  readonly service_time_ms: LatencySummary
  readonly phases_ms: Readonly<Record<string, LatencySummary>>
  /** Of messages that were taken for others; see `refused_recipients` of the result. */
  readonly recipients_refused: number
  readonly sessions_opened: number
  /**
   * Messages that went to a new session because the server had ended the one that they were for, before it
   * answered their MAIL. Absent in files of older versions, as `session_failures`.
   */
  readonly reconnects?: number
  /** Sessions that ended badly at RSET or QUIT; see `session_failures` of the result. */
  readonly session_failures?: number
}

/** Messages of the plan whose turn came; all of them in a run that came to its end. */
export function dueMessages({
  total_messages: total,
  outcomes,
}: Pick<Metrics, 'total_messages' | 'outcomes'>): number {
  return total - outcomes.not_reached
}
