import type { Metrics } from '../engine/result.ts'

/** What a run is held against: the medians of a baseline's runs. Null: they do not say. */
export interface BaselineFigures {
  readonly name: string
  readonly throughput: number | null
  readonly success_rate: number | null
  readonly p95_ms: number | null
  /** Why nothing can be said, as another backend; the threshold then has no data. */
  readonly incomparable?: string
  /** What must be known beside the figure, as another machine. */
  readonly note?: string
}

/**
 * A p95 that rose by less is not a regression, whatever its percentage: 2 ms more than 4 ms is noise. A rise from
 * a baseline of 0 ms is given as a share of this.
 */
export const P95_FLOOR_MS = 50

export interface Worsening {
  /** Share by which the worst of the figures is worse; 0 when none is. */
  readonly share: number
  /** `throughput 1,234/s → 617/s`; undefined when nothing is worse. */
  readonly what?: string
}

/** How much worse than the baseline a run is: throughput or success rate lower, or p95 higher, whichever is worst. */
export function worsening(
  baseline: BaselineFigures,
  { throughput, success_rate: success, response_time_ms: { p95 } }: Metrics,
): Worsening {
  const candidates = [
    { what: 'throughput', share: shareLost(baseline.throughput, throughput) },
    { what: 'success rate', share: shareLost(baseline.success_rate, success) },
    { what: 'p95', share: shareGained(baseline.p95_ms, p95) },
  ]
  return candidates.reduce<Worsening>((worst, one) => (one.share > worst.share ? one : worst), { share: 0 })
}

/** 0 when it is not less, or when a figure is not there. Nothing is less than 0. */
function shareLost(before: number | null, after: number): number {
  return before === null || before <= 0 ? 0 : Math.max(0, (before - after) / before)
}

function shareGained(beforeMs: number | null, afterMs: number | null): number {
  if (beforeMs === null || afterMs === null || afterMs - beforeMs <= P95_FLOOR_MS) return 0
  return (afterMs - beforeMs) / (beforeMs > 0 ? beforeMs : P95_FLOOR_MS)
}

/** True when the baseline has a figure that the run has too, and one that a run can fall short of. */
export function isComparable(
  baseline: BaselineFigures,
  { total_messages: total, response_time_ms: { p95 } }: Metrics,
): boolean {
  const falls = (baseline.throughput ?? 0) > 0 || (baseline.success_rate ?? 0) > 0
  return total > 0 && (falls || (baseline.p95_ms !== null && p95 !== null))
}
