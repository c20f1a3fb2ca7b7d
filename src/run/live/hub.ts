import type { Result } from '../../engine/result.ts'
import type { AnyProgress } from '../../pressure/progress.ts'
import type { AnyResult } from '../../pressure/result.ts'
import type { Chart } from '../../report/html/charts/chart.ts'
import {
  finishedCards,
  finishedCharts,
  finishedHead,
  type LiveRows,
  type LiveRun,
  type Snapshot,
} from '../../report/html/live.ts'
import type { Assets } from '../../report/html/page.ts'
import { documentOf, liveRunOf, renderPage } from '../../report/kinds.ts'
import { runName } from '../../report/verdict.ts'

/** One message of an event stream. */
export interface LiveEvent {
  readonly name: 'run' | 'update' | 'finished' | 'end'
  readonly data: unknown
}

/** Includes the whole report: the page must have it before this process ends. */
export interface Finished extends Snapshot {
  readonly name: string
  readonly verdict: Result['verdict']
  readonly report: string
}

type Listener = (event: LiveEvent) => void

/** New values of a chart that is already drawn, starting at index `from`. */
export type ChartPatch = Pick<Chart, 'id' | 'xs'> & {
  readonly from: number
  readonly values: readonly (readonly (number | null)[])[]
}

/** A snapshot for a page that has everything before. */
export type Update = Omit<Snapshot, 'charts'> & { readonly patches: readonly ChartPatch[] }

/** Keeps what has happened for late listeners, and passes on what happens. */
export class LiveHub {
  readonly #assets: Assets
  readonly #listeners = new Set<Listener>()
  readonly #finished: AnyResult[] = []
  /** The run that reported last. */
  #shown: LiveRun | undefined

  constructor(assets: Assets) {
    this.#assets = assets
  }

  /** Sends the listener everything it has missed. Returns a function that unsubscribes. */
  listen(listener: Listener): () => void {
    for (const result of this.#finished) listener(this.#finishedEvent(result))
    if (this.#shown !== undefined) listener({ name: 'run', data: this.#shown.snapshot() })
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** News of a run that goes on, of any kind. */
  running(progress: AnyProgress, rows?: LiveRows): void {
    const isNew = this.#shown?.runId !== progress.run_id
    const run = isNew || this.#shown === undefined ? liveRunOf(progress) : this.#shown
    this.#shown = run
    if (this.#listeners.size === 0) {
      run.add(progress, rows)
      return
    }
    const update = updateWith(run, progress, rows)
    if (isNew || update === undefined) this.#tell({ name: 'run', data: run.snapshot() })
    else this.#tell({ name: 'update', data: update })
  }

  finished(result: AnyResult): void {
    this.#finished.push(result)
    if (this.#listeners.size > 0) this.#tell(this.#finishedEvent(result))
  }

  end(): void {
    this.#tell({ name: 'end', data: {} })
  }

  #finishedEvent(result: AnyResult): LiveEvent {
    const document = documentOf(result)
    const data: Finished = {
      run_id: result.run_id,
      name: runName(result),
      verdict: result.verdict,
      head: finishedHead(document).markup,
      cards: finishedCards(document).markup,
      charts: finishedCharts(document),
      report: renderPage(result, this.#assets),
    }
    return { name: 'finished', data }
  }

  #tell(event: LiveEvent): void {
    for (const listener of this.#listeners) listener(event)
  }
}

/** Adds news to a run; returns undefined when not all charts existed before. */
export function updateWith(run: LiveRun, progress: AnyProgress, rows?: LiveRows): Update | undefined {
  const before = new Map(run.snapshot().charts.map((chart) => [chart.id, chart.xs.length]))
  run.add(progress, rows)
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
