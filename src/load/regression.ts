import type { Metrics } from './result.ts'

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

/** A p95 that rose by less is no regression, whatever its share: 2 ms more of 4 ms is noise. */
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
  const rise = lossShare(p95, baseline.p95_ms)
  const candidates = [
    { what: 'throughput', share: lossShare(baseline.throughput, throughput, baseline.throughput) },
    { what: 'success rate', share: lossShare(baseline.success_rate, success, baseline.success_rate) },
    { what: 'p95', share: (p95 ?? 0) - (baseline.p95_ms ?? 0) > P95_FLOOR_MS ? rise : 0 },
  ]
  return candidates.reduce<Worsening>((worst, one) => (one.share > worst.share ? one : worst), { share: 0 })
}

/** (more − less) / of; 0 when it is negative, or when a figure is not there. */
function lossShare(more: number | null, less: number | null, of = less): number {
  if (more === null || less === null || of === null || of <= 0) return 0
  return Math.max(0, (more - less) / of)
}

/** True when the baseline has a figure that the run has too. */
export function isComparable(baseline: BaselineFigures, { total_messages: total }: Metrics): boolean {
  return (
    total > 0 && (baseline.throughput !== null || baseline.success_rate !== null || baseline.p95_ms !== null)
  )
}
