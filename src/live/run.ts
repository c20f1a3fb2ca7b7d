import type { Chart } from '../report/html/charts/chart.ts'

/** New values of a chart that is drawn already; they stand from `from` on. */
export type ChartPatch = Pick<Chart, 'id' | 'xs'> & {
  readonly from: number
  readonly values: readonly (readonly (number | null)[])[]
}

/** All that a page needs which has just been opened. */
export interface Snapshot {
  readonly run_id: string
  /** HTML, as `cards` is. */
  readonly head: string
  readonly cards: string
  readonly charts: readonly Chart[]
}

/** The same for a page that has seen what came before. */
export type Update = Omit<Snapshot, 'charts'> & { readonly patches: readonly ChartPatch[] }

/** A run under way of one kind, as far as it has been told of; `add` takes what is new. */
export interface LiveRun<News> {
  readonly runId: string
  add(news: News): void
  snapshot(): Snapshot
}

/** Adds news to a run; the answer is undefined while charts were not all there before. */
export function updateWith<News>(run: LiveRun<News>, news: News): Update | undefined {
  const before = new Map(run.snapshot().charts.map((chart) => [chart.id, chart.xs.length]))
  run.add(news)
  const { charts, ...words } = run.snapshot()
  if (charts.some(({ id }) => !before.has(id))) return undefined
  return { ...words, patches: charts.map((chart) => patchOf(chart, before.get(chart.id) ?? 0)) }
}

/**
 * From the last value that was there before: services are sampled one after another, so that a second
 * can have come with some of its values.
 */
function patchOf({ id, xs, series }: Chart, length: number): ChartPatch {
  const from = Math.max(0, length - 1)
  return { id, from, xs: xs.slice(from), values: series.map(({ values }) => values.slice(from)) }
}
