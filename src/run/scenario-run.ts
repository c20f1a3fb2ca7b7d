import type { Progress } from '../engine/progress.ts'
import type { OverrideResult, Result } from '../engine/result.ts'
import type { LoadRun } from '../engine/threads/load-run.ts'
import { MailstormError } from '../error.ts'
import type { Threshold } from '../figures/threshold.ts'
import type { PressureProgress } from '../pressure/progress.ts'
import type { AnyResult } from '../pressure/result.ts'
import type { Services } from './ground/services.ts'
import type { LiveRows } from './live/feed.ts'
import type { Workload } from './spec/spec.ts'

export interface RunOptions {
  readonly scenario: string
  readonly part: string | null
  readonly workload: Workload
  readonly thresholds: readonly Threshold[]
  /** What the environment put in the place of the scenario's own load. */
  readonly overrides: readonly OverrideResult[]
}

/** Runs what a row has begun, and tells as soon as its load has started. */
export type Execute<R extends AnyResult = Result> = (
  row: Row,
  onStarted: (load: LoadRun) => void,
) => Promise<R>

/** What a row of the test explorer gives to the run it belongs to. */
export interface Row {
  readonly services: Services
  /** Aborts when the run is interrupted. */
  readonly signal: AbortSignal
  readonly task: {
    /** What reporters find with the row. */
    readonly meta: { mailstormResult?: AnyResult }
    /** The rows beside it; those that were not asked for have the mode `skip`. */
    readonly suite?: { readonly tasks: readonly { readonly mode: string }[] } | undefined
  }
  skip(why?: string): never
  /** Calls back when the row has ended, however it ended. */
  onTestFinished(hook: () => Promise<void>, limitMs?: number): void
  /** Tells the reporters how far the run is; `rows` are for the live view, where it was asked for. */
  onProgress(progress: Progress | PressureProgress, rows?: LiveRows): Promise<void>
}

/**
 * One run of any kind as Vitest sees it: rows that all wait for the same run. The first row to come owns it: it
 * starts it, carries its progress and its result, and fails when it cannot be run; the others say so.
 */
export class ScenarioRun<R extends AnyResult = Result> {
  readonly #execute: Execute<R>
  readonly #load = Promise.withResolvers<LoadRun>()
  #result: Promise<R> | undefined

  constructor(execute: Execute<R>) {
    this.#execute = execute
    // Rows that wait for it get the error; when none does, it must not count as unhandled.
    this.#load.promise.catch(() => undefined)
  }

  /** A worker's row: waits until that worker has ended. */
  async worker(worker: number, row: Row): Promise<void> {
    if (this.#result === undefined) {
      await this.#own(row)
      return
    }
    const load = await this.#load.promise.catch(() => row.skip('the run did not start: see its first row'))
    await load.worker(worker)
  }

  /** The result, for rows about thresholds and tenants; runs the whole when no row has begun it. */
  async result(row: Row): Promise<R> {
    if (this.#result === undefined) return this.#own(row)
    return this.#result.catch(() => row.skip('the run has no result: see its first row'))
  }

  #own(row: Row): Promise<R> {
    const result = this.#execute(row, (load) => this.#load.resolve(load))
    this.#result = result
    result.catch((error) => this.#load.reject(error))
    // In a hook: Vitest does not wait for a test that is cancelled, but it does for its hooks.
    row.onTestFinished(async () => {
      const [ended] = await Promise.allSettled([result])
      if (ended.status === 'fulfilled') row.task.meta.mailstormResult = ended.value
    }, WRAP_UP_LIMIT_MS)
    return result
  }
}

/** Ending what is in flight, draining, verification and the result of a run that was cancelled. */
const WRAP_UP_LIMIT_MS = 60_000

/** Fails a row with one message and no stack: the figures say it all. */
export class RowFailure extends MailstormError {
  constructor(message: string) {
    super('THRESHOLD', message)
    this.name = 'AssertionError'
    this.stack = `${this.name}: ${message}`
  }
}
