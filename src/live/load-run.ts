import type { Progress } from '../engine/progress.ts'
import type { ResourceSample, TimelineRow } from '../engine/result.ts'
import type { Chart } from '../report/html/charts/chart.ts'
import { resourceCharts, timelineCharts } from '../report/html/charts/timeline.ts'
import { liveCards, liveHead } from '../report/html/live.ts'
import type { LiveRows } from './feed.ts'
import type { LiveRun, Snapshot } from './run.ts'

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
