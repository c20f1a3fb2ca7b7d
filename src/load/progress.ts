/** State of a run while it goes on, sent at most once a second; small, plain data. */
export interface Progress {
  readonly scenario: string
  readonly part: string | null
  readonly run_id: string
  readonly elapsed_seconds: number
  readonly planned: number
  readonly accepted: number
  readonly deferred: number
  readonly rejected: number
  readonly failed: number
  readonly in_flight: number
  /** Messages ended per second over the last seconds. */
  readonly rate: number
  readonly target_rate: number | null
  /** Response time so far in ms; null before the first message has ended. */
  readonly p50_ms: number | null
  readonly p99_ms: number | null
  /** Failures so far by class or reply code, the most frequent first, at most five. */
  readonly errors: readonly (readonly [name: string, count: number])[]
  /** Estimated seconds left; null when it cannot be told yet. */
  readonly left_seconds: number | null
}
