import { quantileMs, type SparseHistogram } from '../../../engine/histogram.ts'
import { kindOf } from '../../../results/kinds.ts'
import type { RunView } from '../../../results/run-view.ts'
import { type Chart, lineTone, type Series, type Tone } from './chart.ts'

type Distribution = Pick<Series, 'label' | 'tone' | 'dashed' | 'filled'> & {
  readonly histogram: SparseHistogram
}

const POINTS_PER_DECADE = 24

/**
 * Latency by percentile, as HdrHistogram plots it: x = 1 / (1 − q), so that each further nine takes as
 * much room as the one before. A curve ends with its maximum at x = n: n values tell nothing of a
 * share beyond 1 − 1/n.
 */
export function distributionChart(distributions: readonly Distribution[]): Chart | undefined {
  // Where all took 0 ms, as behind a proxy that passes mail through, a logarithmic axis has no place for them.
  const measured = distributions.filter(({ histogram }) => histogram.count > 0 && histogram.max_ms > 0)
  if (measured.length === 0) return undefined
  const xs = ninesUpTo(measured.map(({ histogram }) => histogram.count))
  return {
    id: 'distribution',
    place: 'distribution',
    title: 'Latency by percentile',
    note: 'The time that this share of messages took at most',
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

/** What is drawn over each other: a run, or all runs of one side. */
export interface Overlaid {
  readonly label: string
  readonly perSecond: readonly (readonly number[])[]
  readonly histogram: SparseHistogram | undefined
}

/** The latency that runs of a kind are compared by, if the run has it. */
export function mainLatency({ format }: Pick<RunView, 'format'>, histograms: RunView['histograms']) {
  const { latency } = kindOf(format)
  return latency === undefined ? undefined : histograms[latency]
}

/** Throughput over time and latency by percentile of several runs, each on one pair of axes. */
export function overlayCharts(all: readonly Overlaid[]): Chart[] {
  const lines = all.flatMap(({ label, perSecond }, index) =>
    perSecond.map((values, run) => ({
      label: perSecond.length === 1 ? label : `${label}, run ${run + 1}`,
      tone: toneOf(index),
      values,
    })),
  )
  const longest = lines.reduce((most, { values }) => Math.max(most, values.length), 0)
  const xs = Array.from({ length: longest }, (_, second) => second)
  const throughput: Chart = {
    id: 'throughput',
    place: 'overlay',
    title: 'Throughput',
    note: 'Messages accepted per second',
    axis: 'time',
    xs,
    unit: 'per_second',
    series: lines.map(({ values, ...line }) => ({ ...line, values: xs.map((x) => values[x] ?? null) })),
  }
  const distribution = distributionChart(
    all.flatMap(({ label, histogram }, index) =>
      histogram === undefined ? [] : [{ label, tone: toneOf(index), histogram }],
    ),
  )
  return [
    ...(longest === 0 ? [] : [throughput]),
    ...(distribution === undefined ? [] : [{ ...distribution, place: 'overlay' }]),
  ]
}

/** The first is what the others are held against. */
function toneOf(index: number): Tone {
  return index === 0 ? 'muted' : lineTone(index - 1)
}
