import type { Progress } from '../engine/progress.ts'

/** State of a pressure run in progress, sent at most once a second; small, plain data. */
export interface PressureProgress {
  /** Distinguishes it from the progress of a load run. */
  readonly kind: 'pressure'
  readonly scenario: string
  readonly part: string | null
  readonly run_id: string
  readonly phase: 'generating' | 'draining'
  readonly elapsed_seconds: number
  /** Until the end of generation; null while the queue drains. */
  readonly left_seconds: number | null
  readonly handed_over: number
  readonly delivered: number
  readonly reported: number
  readonly errors: number
  readonly sync_calls: number
  /** From the proxy's metrics; null when they could not be read. */
  readonly pending: number | null
  /** Deliveries per second over the last seconds. */
  readonly rate: number
  /** End to end so far; null before the first delivery. */
  readonly p95_ms: number | null
}

/** Progress of a run of any kind; a probe has none. */
export type AnyProgress = Progress | PressureProgress

/** Rates of single seconds jump; average over this many. */
const RATE_SECONDS = 3

/** Deliveries per second over the last seconds, from counts taken at any time. */
export class RecentRate {
  readonly #counts: { readonly atMs: number; readonly count: number }[] = []

  add(count: number, atMs: number): number {
    this.#counts.push({ count, atMs })
    while (this.#counts.length > 2 && atMs - (this.#counts[1]?.atMs ?? atMs) >= RATE_SECONDS * 1000)
      this.#counts.shift()
    const [first] = this.#counts
    if (first === undefined || atMs <= first.atMs) return 0
    return ((count - first.count) * 1000) / (atMs - first.atMs)
  }
}
