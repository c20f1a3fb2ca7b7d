import type { Metrics } from '../engine/result.ts'

/** What a run is compared with: medians over a baseline's runs; null when unknown. */
export interface BaselineFigures {
  readonly name: string
  readonly throughput: number | null
  readonly success_rate: number | null
  readonly p95_ms: number | null
  /** Why no comparison is possible, such as another backend; the threshold then has no data. */
  readonly incomparable?: string
  /** A caveat, such as another machine. */
  readonly note?: string
}

/**
 * A smaller rise of p95 is no regression, whatever its percentage: from 4 to 6 ms is noise. A rise from a
 * baseline of 0 ms is expressed as a share of this.
 */
export const P95_FLOOR_MS = 50

export interface Worsening {
  /** Share by which the worst figure got worse; 0 when none did. */
  readonly share: number
  /** `throughput 1,234/s → 617/s`; undefined when nothing got worse. */
  readonly what?: string
}

/**
 * How much worse a run is than the baseline: the largest of lower throughput, lower success rate and higher
 * p95.
 */
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

/** 0 when there is no loss or a figure is missing; nothing can be lost from 0. */
function shareLost(before: number | null, after: number): number {
  return before === null || before <= 0 ? 0 : Math.max(0, (before - after) / before)
}

function shareGained(beforeMs: number | null, afterMs: number | null): number {
  if (beforeMs === null || afterMs === null || afterMs - beforeMs <= P95_FLOOR_MS) return 0
  return (afterMs - beforeMs) / (beforeMs > 0 ? beforeMs : P95_FLOOR_MS)
}

/** Whether baseline and run share a figure, one that can get worse. */
export function isComparable(
  baseline: BaselineFigures,
  { total_messages: total, response_time_ms: { p95 } }: Metrics,
): boolean {
  const falls = (baseline.throughput ?? 0) > 0 || (baseline.success_rate ?? 0) > 0
  return total > 0 && (falls || (baseline.p95_ms !== null && p95 !== null))
}
