import { setTimeout as sleep } from 'node:timers/promises'
import type { Store } from './store.ts'

/** A burst is over within seconds. */
const QUICK_GLANCES = 20
const QUICK_PAUSE_MS = 100
const PAUSE_MS = 1_000

/**
 * Glances at stores while a load runs, so that one which drops mail meanwhile finds out. What fails tells nothing: the
 * look after the load reports it.
 */
export class Glances {
  readonly #end = new AbortController()
  readonly #running: readonly Promise<void>[]

  constructor(stores: Iterable<Store>) {
    this.#running = [...stores].map((store) => this.#glanceAt(store))
  }

  async stop(): Promise<void> {
    this.#end.abort()
    await Promise.all(this.#running)
  }

  async #glanceAt(store: Store): Promise<void> {
    if (store.glance === undefined) return
    const { signal } = this.#end
    for (let count = 0; !signal.aborted; count++) {
      await store.glance(signal).catch(() => undefined)
      const pauseMs = count < QUICK_GLANCES ? QUICK_PAUSE_MS : PAUSE_MS
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined)
    }
  }
}
