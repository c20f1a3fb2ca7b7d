import { errorText } from '../../error.ts'
import type { Log } from '../log.ts'
import { Loop } from '../loop.ts'
import type { ProxyConfig } from '../options.ts'
import type { Database } from '../store/database.ts'
import { extendLeases } from '../store/lease.ts'
import type { InHand } from './in-hand.ts'

export interface LeaseKeeperParts {
  readonly db: Database
  readonly config: Pick<ProxyConfig, 'leaseMs'>
  readonly log: Log
}

/** Chances to extend within a lease. */
const CHANCES = 3

/** Keeps what is in hand this process's own, and lets go of what is not any more. */
export class LeaseKeeper {
  readonly #parts: LeaseKeeperParts
  readonly #inHand: InHand
  readonly #loop: Loop
  /** The end of the lease that ends first, by this process's clock. */
  #endsAtMs = 0

  constructor(parts: LeaseKeeperParts, inHand: InHand) {
    this.#parts = parts
    this.#inHand = inHand
    const { config, log } = parts
    this.#loop = new Loop({
      name: 'leases',
      intervalMs: config.leaseMs / CHANCES,
      cycle: () => this.#extend(),
      log,
    })
  }

  start(): void {
    this.#loop.wake()
  }

  stop(): Promise<void> {
    return this.#loop.stop()
  }

  /** A claim begins now. */
  claiming(): void {
    if (this.#inHand.all.length === 0) this.#endsAtMs = performance.now() + this.#parts.config.leaseMs
  }

  async #extend(): Promise<void> {
    const { db, config, log } = this.#parts
    const all = this.#inHand.all
    if (all.length === 0) return
    const beganAtMs = performance.now()
    try {
      const kept = await extendLeases(db, all, config.leaseMs)
      this.#endsAtMs = beganAtMs + config.leaseMs
      this.#letGo(new Set(all.map(({ pk }) => pk)).difference(kept))
    } catch (error) {
      log.warning('leases could not be extended', { messages: all.length, error: errorText(error) })
      const nextTryMs = performance.now() + config.leaseMs / CHANCES
      // From then on others may send them.
      if (nextTryMs >= this.#endsAtMs) this.#letGo(new Set(all.map(({ pk }) => pk)))
    }
  }

  #letGo(lost: ReadonlySet<string>): void {
    if (lost.size === 0) return
    this.#inHand.drop(new Set(this.#inHand.all.map(({ pk }) => pk)).difference(lost))
    for (const { message, abort } of this.#inHand.running)
      if (lost.has(message.pk)) abort.abort(new Error('its lease has ended'))
  }
}
