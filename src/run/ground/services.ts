import { setTimeout as sleep } from 'node:timers/promises'
import { SenderPool } from '../../engine/threads/pool.ts'
import type { Options } from '../../options/options.ts'
import { StoreKeeper } from '../../verify/store-keeper.ts'
import { GeneratorSplit } from '../generators/generator.ts'
import { Corpora } from './corpora.ts'
import type { PressureBackend } from './postgres.ts'
import { type Servers, startServers } from './servers.ts'

/** Shared by all scenarios of a Vitest run: booted on first use, once, and only what is used. */
export interface Services extends AsyncDisposable {
  readonly options: Options
  readonly servers: Lazy<Servers>
  readonly pool: Lazy<SenderPool>
  readonly cooldown: Cooldown
  readonly corpora: Corpora
  readonly split: GeneratorSplit
  /** PostgreSQL, for scenarios of the mail proxy. */
  readonly pressure: Lazy<PressureBackend>
  /** Where the mail of runs ends up behind the servers. */
  readonly stores: StoreKeeper
}

/** `note`: tells the user something of the services. */
export function createServices(options: Options, note: (line: string) => void = console.info): Services {
  const servers = new Lazy(() => startServers(options, note))
  const pool = new Lazy(async () => {
    const threads = new SenderPool(options.threads)
    await threads.warmUp()
    return threads
  })
  const pressure = new Lazy(async () => {
    const { startPressureBackend } = await import('./postgres.ts')
    return startPressureBackend(options)
  })
  const stores = new StoreKeeper({ allowPublicTargets: options.allowPublicTargets, note })
  return {
    options,
    servers,
    pool,
    cooldown: new Cooldown(options.cooldownSeconds),
    corpora: new Corpora(),
    split: new GeneratorSplit(options.split),
    pressure,
    stores,
    async [Symbol.asyncDispose]() {
      await Promise.all([servers, pool, pressure, stores].map((lazy) => lazy[Symbol.asyncDispose]()))
    },
  }
}

/** Created on first use, and disposed of once if it was created. */
export class Lazy<T extends AsyncDisposable> implements AsyncDisposable {
  readonly #make: () => Promise<T>
  #made: Promise<T> | undefined

  constructor(make: () => Promise<T>) {
    this.#make = make
  }

  get(): Promise<T> {
    this.#made ??= this.#make()
    return this.#made
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A failed start has already cleaned up and reported why.
    const [made] = await Promise.allSettled([this.#made])
    if (made.status === 'fulfilled') await made.value?.[Symbol.asyncDispose]()
  }
}

/** Time between two runs for sockets to close and servers to settle. */
class Cooldown {
  readonly #seconds: number
  #lastEndMs: number | undefined

  constructor(seconds: number) {
    this.#seconds = seconds
  }

  runEnded(): void {
    this.#lastEndMs = performance.now()
  }

  /** Resolves when the last run, if any, is long enough ago, or when `signal` aborts. */
  async wait(signal: AbortSignal): Promise<void> {
    if (this.#lastEndMs === undefined) return
    const leftMs = this.#lastEndMs + this.#seconds * 1000 - performance.now()
    if (leftMs > 0) await sleep(leftMs, undefined, { signal }).catch(() => undefined)
  }
}
