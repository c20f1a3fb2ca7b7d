import type { Progress } from '../../engine/progress.ts'
import type { ResourceSample, TimelineRow } from '../../engine/result.ts'
import type { PressureProgress } from '../../pressure/progress.ts'
import type { Chart } from '../../report/html/charts/chart.ts'
import { resourceCharts, timelineCharts } from '../../report/html/charts/timeline.ts'
import {
  liveCards,
  liveHead,
  livePressureCards,
  livePressureCharts,
  livePressureHead,
} from '../../report/html/live.ts'
import type { LiveRows } from './feed.ts'

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

export interface LoadNews {
  readonly progress: Progress
  readonly rows: LiveRows
}

/** Load on SMTP servers. */
export class LiveLoadRun implements LiveRun<LoadNews> {
  readonly runId: string
  #progress: Progress
  readonly #timeline: TimelineRow[] = []
  readonly #samples = new Map<string, ResourceSample[]>()

  constructor(progress: Progress) {
    this.runId = progress.run_id
    this.#progress = progress
  }

  add({ progress, rows }: LoadNews): void {
    this.#progress = progress
    for (const row of rows.timeline) this.#timeline.push(row)
    for (const [name, samples] of Object.entries(rows.resources))
      this.#samples.set(name, [...(this.#samples.get(name) ?? []), ...samples])
  }

  snapshot(): Snapshot {
    return {
      run_id: this.runId,
      head: liveHead(this.#progress).markup,
      cards: liveCards(this.#progress).markup,
      charts: this.#charts(),
    }
  }

  #charts(): Chart[] {
    const usage = Object.fromEntries([...this.#samples].map(([name, samples]) => [name, { samples }]))
    const charts = [
      ...timelineCharts({ timeline: this.#timeline, target_rate: this.#progress.target_rate }),
      ...resourceCharts(usage),
    ]
    // An axis that changed its kind in the middle would move all that was drawn.
    return charts.map((chart) => (chart.unit === 'ms' ? { ...chart, log: true } : chart))
  }
}

/** A mail proxy under pressure: its progress, once a second, is all that is known until it ends. */
export class LivePressureRun implements LiveRun<PressureProgress> {
  readonly runId: string
  #last: PressureProgress
  readonly #all: PressureProgress[] = []

  constructor(progress: PressureProgress) {
    this.runId = progress.run_id
    this.#last = progress
  }

  add(progress: PressureProgress): void {
    this.#last = progress
    this.#all.push(progress)
  }

  snapshot(): Snapshot {
    return {
      run_id: this.runId,
      head: livePressureHead(this.#last).markup,
      cards: livePressureCards(this.#last).markup,
      charts: livePressureCharts(this.#all),
    }
  }
}
