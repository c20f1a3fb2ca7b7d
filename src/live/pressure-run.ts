import type { PressureProgress } from '../pressure/progress.ts'
import { livePressureCards, livePressureCharts, livePressureHead } from '../report/html/live.ts'
import type { LiveRun, Snapshot } from './run.ts'

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
