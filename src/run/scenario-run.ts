import type { OverrideResult, Result } from '../engine/result.ts'
import type { LoadRun } from '../engine/threads/load-run.ts'
import { MailstormError } from '../error.ts'
import type { AnyProgress } from '../pressure/progress.ts'
import type { LiveRows } from '../report/html/live.ts'
import type { RunResult } from '../results/kinds.ts'
import type { Services } from './ground/services.ts'
import type { Workload } from './spec/spec.ts'

export interface RunOptions {
  readonly scenario: string
  readonly part: string | null
  readonly workload: Workload
  /** Values of the scenario's load that the environment replaced. */
  readonly overrides: readonly OverrideResult[]
}

/** Executes the run of a row, and calls back as soon as its load has started. */
export type Execute<R extends RunResult = Result> = (
  row: Row,
  onStarted: (load: LoadRun) => void,
) => Promise<R>

/** What a row of the test explorer, or a script, provides to its run; `P` is the progress that it takes. */
export interface Row<P extends AnyProgress = AnyProgress> {
  readonly services: Services
  /** Aborts when the run is interrupted. */
  readonly signal: AbortSignal
  readonly task: {
    /** Read by reporters. */
    readonly meta: { mailstormResult?: RunResult }
    /** The rows beside it; rows that were not asked for have mode `skip`. */
    readonly suite?: { readonly tasks: readonly { readonly mode: string }[] } | undefined
  }
  skip(why?: string): never
  /** Tells people of what may spoil the run, before it begins. */
  warn?(text: string): void
  /** Calls back when the row has ended, in whatever way. */
  onTestFinished(hook: () => Promise<void>, limitMs?: number): void
  /** Reports progress to the reporters; `rows` only with the live view. */
  onProgress(progress: P, rows?: LiveRows): Promise<void>
}

/**
 * One run of any kind as Vitest sees it: rows that wait for the same run. The first row to come owns it: it
 * starts the run, carries its progress and result, and fails when it cannot run; the others refer to it.
 */
export class ScenarioRun<R extends RunResult = Result> {
  readonly #execute: Execute<R>
  readonly #load = Promise.withResolvers<LoadRun>()
  #result: Promise<R> | undefined

  constructor(execute: Execute<R>) {
    this.#execute = execute
    // Waiting rows get the error; without any, it must not count as an unhandled rejection.
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

  /** Whether a row has begun it. */
  get begun(): boolean {
    return this.#result !== undefined
  }

  /** The result, for rows of thresholds, tenants and questions; starts the run if no row has. */
  async result(row: Row): Promise<R> {
    if (this.#result === undefined) return this.#own(row)
    return this.#result.catch(() => row.skip('the run has no result: see its first row'))
  }

  #own(row: Row): Promise<R> {
    const result = this.#execute(row, (load) => this.#load.resolve(load))
    this.#result = result
    result.catch((error) => this.#load.reject(error))
    // In a hook, because Vitest waits for the hooks of a cancelled test, but not for the test.
    row.onTestFinished(async () => {
      const [ended] = await Promise.allSettled([result])
      if (ended.status === 'fulfilled') row.task.meta.mailstormResult = ended.value
    }, WRAP_UP_LIMIT_MS)
    return result
  }
}

/** Time to end what is in flight, drain, verify and build the result after a cancellation. */
const WRAP_UP_LIMIT_MS = 60_000

/** Fails a row with a message and no stack: the figures say it all. */
export class RowFailure extends MailstormError {
  constructor(message: string) {
    super('THRESHOLD', message)
    this.name = 'AssertionError'
    this.stack = `${this.name}: ${message}`
  }
}
