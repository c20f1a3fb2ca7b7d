import type { Result } from '../../engine/result.ts'
import type { PressureProgress } from '../../pressure/progress.ts'
import type { AnyResult } from '../../pressure/result.ts'
import { renderReport } from '../../report/any.ts'
import { finishedCards, finishedCharts, finishedHead } from '../../report/html/live.ts'
import type { Assets } from '../../report/html/page.ts'
import { runName } from '../../report/verdict.ts'
import {
  LiveLoadRun,
  LivePressureRun,
  type LiveRun,
  type LoadNews,
  type Snapshot,
  updateWith,
} from './run.ts'

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

/** Keeps what has happened for late listeners, and passes on what happens. */
export class LiveHub {
  readonly #assets: Assets
  readonly #listeners = new Set<Listener>()
  readonly #finished: AnyResult[] = []
  #load: LiveLoadRun | undefined
  #pressure: LivePressureRun | undefined
  /** The run that reported last. */
  #shown: Pick<LiveRun<never>, 'runId' | 'snapshot'> | undefined

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

  /** A running load on SMTP servers. */
  load(news: LoadNews): void {
    if (this.#load?.runId !== news.progress.run_id) this.#load = new LiveLoadRun(news.progress)
    this.#add(this.#load, news)
  }

  /** A running pressure test. */
  pressure(progress: PressureProgress): void {
    if (this.#pressure?.runId !== progress.run_id) this.#pressure = new LivePressureRun(progress)
    this.#add(this.#pressure, progress)
  }

  #add<News>(run: LiveRun<News>, news: News): void {
    const isNew = this.#shown?.runId !== run.runId
    this.#shown = run
    if (this.#listeners.size === 0) {
      run.add(news)
      return
    }
    const update = updateWith(run, news)
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
    const data: Finished = {
      run_id: result.run_id,
      name: runName(result),
      verdict: result.verdict,
      head: finishedHead(result).markup,
      cards: finishedCards(result).markup,
      charts: finishedCharts(result),
      report: renderReport(result, this.#assets),
    }
    return { name: 'finished', data }
  }

  #tell(event: LiveEvent): void {
    for (const listener of this.#listeners) listener(event)
  }
}
