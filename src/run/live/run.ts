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

/** New values of a chart that is already drawn, starting at index `from`. */
export type ChartPatch = Pick<Chart, 'id' | 'xs'> & {
  readonly from: number
  readonly values: readonly (readonly (number | null)[])[]
}

/** Everything that a newly opened page needs. */
export interface Snapshot {
  readonly run_id: string
  /** HTML, as `cards` is. */
  readonly head: string
  readonly cards: string
  readonly charts: readonly Chart[]
}

/** The same for a page that has everything before. */
export type Update = Omit<Snapshot, 'charts'> & { readonly patches: readonly ChartPatch[] }

/** A running run of one kind, as far as reported; `add` takes what is new. */
export interface LiveRun<News> {
  readonly runId: string
  add(news: News): void
  snapshot(): Snapshot
}

/** Adds news to a run; returns undefined when not all charts existed before. */
export function updateWith<News>(run: LiveRun<News>, news: News): Update | undefined {
  const before = new Map(run.snapshot().charts.map((chart) => [chart.id, chart.xs.length]))
  run.add(news)
  const { charts, ...words } = run.snapshot()
  if (charts.some(({ id }) => !before.has(id))) return undefined
  return { ...words, patches: charts.map((chart) => patchOf(chart, before.get(chart.id) ?? 0)) }
}

/**
 * Starts at the last value sent before: services are sampled one after another, so a second may have come with
 * only some of its values.
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
    // An axis that changes its scale in the middle would move everything drawn.
    return charts.map((chart) => (chart.unit === 'ms' ? { ...chart, log: true } : chart))
  }
}

/** A mail proxy under pressure: only its progress, once a second, is known until it ends. */
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
