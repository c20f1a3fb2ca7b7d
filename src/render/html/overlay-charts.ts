import type { RunView } from '../../analysis/view.ts'
import type { SparseHistogram } from '../../engine/histogram.ts'
import { PRESSURE_FORMAT } from '../../pressure/result.ts'
import { type Chart, lineTone, type Tone } from './chart.ts'
import { distributionChart } from './distribution-chart.ts'

/** What is drawn over each other: a run, or all runs of one side. */
export interface Overlaid {
  readonly label: string
  readonly perSecond: readonly (readonly number[])[]
  readonly histogram: SparseHistogram | undefined
}

/** The kind of latency that runs are compared by. */
export function mainLatency({ format }: Pick<RunView, 'format'>): 'end_to_end' | 'response_time' {
  return format === PRESSURE_FORMAT ? 'end_to_end' : 'response_time'
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
    note: 'Messages accepted in each second of the run',
    axis: 'time',
    xs,
    unit: 'per-second',
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
