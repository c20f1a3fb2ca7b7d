import { quantileMs, type SparseHistogram } from '../../engine/histogram.ts'
import type { Chart, Series } from './chart.ts'

export type Distribution = Pick<Series, 'label' | 'tone' | 'dashed' | 'filled'> & {
  readonly histogram: SparseHistogram
}

const POINTS_PER_DECADE = 24

/**
 * Latency by percentile, as HdrHistogram plots it: x = 1 / (1 − q), so that each further nine takes as
 * much room as the one before. A curve ends with its maximum at x = n: n values tell nothing of a
 * share beyond 1 − 1/n.
 */
export function distributionChart(distributions: readonly Distribution[]): Chart | undefined {
  const measured = distributions.filter(({ histogram }) => histogram.count > 0)
  if (measured.length === 0) return undefined
  const xs = ninesUpTo(measured.map(({ histogram }) => histogram.count))
  return {
    id: 'distribution',
    place: 'distribution',
    title: 'Latency by percentile',
    note: 'The share of messages, left to right, that took at most so long',
    axis: 'nines',
    xs,
    unit: 'ms',
    log: true,
    series: measured.map(({ histogram, ...line }) => ({
      ...line,
      values: xs.map((x) => valueAt(histogram, x)),
    })),
  }
}

function valueAt(histogram: SparseHistogram, x: number): number | null {
  if (x > histogram.count) return null
  return x === histogram.count ? histogram.max_ms : quantileMs(histogram, 1 - 1 / x)
}

/** Equal steps on a logarithmic axis from 1 (the minimum) on, and each count, where its curve has its maximum. */
export function ninesUpTo(counts: readonly number[]): number[] {
  const most = counts.reduce((a, b) => Math.max(a, b), 1)
  const steps = Math.floor(Math.log10(most) * POINTS_PER_DECADE)
  const grid = Array.from({ length: steps + 1 }, (_, step) => 10 ** (step / POINTS_PER_DECADE))
  return [...new Set([...grid, ...counts])].toSorted((a, b) => a - b)
}
