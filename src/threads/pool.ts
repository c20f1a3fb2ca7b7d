import { fileURLToPath } from 'node:url'
import { Tinypool } from 'tinypool'
import type { WorkerDone } from './messages.ts'
import type { WorkerTask } from './plan.ts'

/** The threads that hold the sockets; one task is one worker's whole share. */
export class SenderPool implements AsyncDisposable {
  readonly threads: number
  readonly #pool: Tinypool

  constructor(threads: number) {
    this.threads = threads
    this.#pool = new Tinypool({
      filename: fileURLToPath(new URL('./worker.ts', import.meta.url)),
      runtime: 'worker_threads',
      minThreads: threads,
      maxThreads: threads,
      concurrentTasksPerWorker: Number.MAX_SAFE_INTEGER,
      // What Vitest was started with (loaders, coverage) has no business in the sender threads.
      execArgv: ['--disable-warning=ExperimentalWarning'],
    })
  }

  /** Loads the engine on every thread, so that no run waits for it. */
  async warmUp(): Promise<void> {
    await Promise.all(Array.from({ length: this.threads * 4 }, () => this.#pool.run({}, { name: 'warmUp' })))
  }

  /** Why the threads cannot load this module of hooks; undefined when they can, and then have it at hand. */
  async hooksProblem(url: string): Promise<string | undefined> {
    const tasks = Array.from({ length: this.threads * 4 }, () =>
      this.#pool.run(url, { name: 'hooksProblem' }),
    )
    return (await Promise.all(tasks)).find((problem) => problem !== undefined)
  }

  run(task: WorkerTask): Promise<WorkerDone> {
    return this.#pool.run(task) as Promise<WorkerDone>
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.destroy()
  }
}
