import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Tinypool } from 'tinypool'
import type { WorkerTask } from './plan.ts'
import type { WorkerDone } from './run-control.ts'

/** A module that never ends its first evaluation would be waited for for ever. */
const HOOKS_LIMIT_MS = 30_000

/** The threads that hold the sockets; one task is one worker's whole share. */
export class SenderPool implements AsyncDisposable {
  readonly threads: number
  #pool: Tinypool

  constructor(threads: number) {
    this.threads = threads
    this.#pool = newPool(threads)
  }

  /** Loads the engine on every thread, so that no run waits for it. */
  async warmUp(): Promise<void> {
    await Promise.all(Array.from({ length: this.threads * 4 }, () => this.#pool.run({}, { name: 'warmUp' })))
  }

  /** Why the threads cannot load this module of hooks; undefined when they can, and then have it at hand. */
  async hooksProblem(url: string, limitMs = HOOKS_LIMIT_MS): Promise<string | undefined> {
    const tasks = Array.from({ length: this.threads * 4 }, () =>
      this.#pool.run(url, { name: 'hooksProblem' }),
    )
    const late = new AbortController()
    const answers = await Promise.race([
      Promise.all(tasks),
      sleep(limitMs, undefined, { signal: late.signal }),
    ]).finally(() => late.abort())
    if (answers !== undefined) return answers.find((problem) => problem !== undefined)
    for (const task of tasks) task.catch(() => undefined)
    await this.renew()
    return `Failed to load the hooks ${url}: they were not loaded after ${limitMs / 1000} s.`
  }

  /** New threads for those that hang: whatever still runs on them ends, be it an endless loop. */
  async renew(): Promise<void> {
    const hung = this.#pool
    this.#pool = newPool(this.threads)
    await end(hung)
    await this.warmUp()
  }

  run(task: WorkerTask): Promise<WorkerDone> {
    return this.#pool.run(task) as Promise<WorkerDone>
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await end(this.#pool)
  }
}

/** With a thread that has ended by itself, as by `process.exit()` in a hook, Tinypool 2.2 waits for ever. */
const END_LIMIT_MS = 5_000

async function end(pool: Tinypool): Promise<void> {
  const ended = new AbortController()
  const limit = sleep(END_LIMIT_MS, undefined, { signal: ended.signal }).catch(() => undefined)
  await Promise.race([pool.destroy(), limit]).finally(() => ended.abort())
}

/**
 * V8 lets the young generation of a thread grow to 128 MB and more where much lives for a second, as messages that are
 * on their way do. 10,000 sessions then took 17 KB each instead of 11, and each of its collections held the thread up
 * for 30 ms and more, in which no message starts.
 */
const MOST_YOUNG_MEBIBYTES = 24

function newPool(threads: number): Tinypool {
  return new Tinypool({
    filename: fileURLToPath(new URL('./thread-run.ts', import.meta.url)),
    runtime: 'worker_threads',
    minThreads: threads,
    maxThreads: threads,
    concurrentTasksPerWorker: Number.MAX_SAFE_INTEGER,
    resourceLimits: { maxYoungGenerationSizeMb: MOST_YOUNG_MEBIBYTES },
    // What Vitest was started with (loaders, coverage) has no business in the sender threads.
    execArgv: ['--disable-warning=ExperimentalWarning'],
  })
}
