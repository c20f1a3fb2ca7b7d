import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { errorText } from '../../error.ts'
import type { Intercept } from '../attachments/reach.ts'
import { Loop } from '../loop.ts'
import { endTurn, nextTurnInMs, type SyncTurn, takeTurns } from '../store/sync-turns.ts'
import { type SyncTurnParts, syncTenant } from './sync-turn.ts'
import { TenantCaller } from './tenant-caller.ts'
import { keepTurn, turnLeaseMs } from './turn-keeper.ts'

/** Without anything else to wait for. */
const IDLE_MS = 5_000

/**
 * The sync loop: calls each tenant when it is due. Whose turn it is stands in the database, so that any number of
 * proxies together call a tenant as often as one would. Tenants are called side by side: a slow one takes one of
 * `syncConcurrency` places, for the time limit at most.
 */
export class SyncLoop {
  readonly #parts: SyncTurnParts
  readonly #loop: Loop
  readonly #stop = new AbortController()
  readonly #turns = new Set<Promise<void>>()
  #due: NodeJS.Timeout | undefined

  constructor(parts: Omit<SyncTurnParts, 'caller' | 'stop'>, intercept?: Intercept) {
    const caller = new TenantCaller({ ...parts.config, intercept })
    this.#parts = { ...parts, caller, stop: this.#stop.signal }
    this.#loop = new Loop({ name: 'sync', intervalMs: IDLE_MS, cycle: () => this.#cycle(), log: parts.log })
  }

  start(): void {
    this.#loop.wake()
  }

  /** A tenant may be due. */
  wake(): void {
    this.#loop.wake()
  }

  /** Calls that run have until `withinMs` to end: their answers may hand over messages. */
  async stop(withinMs: number): Promise<void> {
    clearTimeout(this.#due)
    await this.#loop.stop()
    clearTimeout(this.#due)
    const finished = Promise.all(this.#turns)
    const inTime = new AbortController()
    await Promise.race([finished, delay(withinMs, undefined, { signal: inTime.signal }).catch(ignore)])
    inTime.abort()
    this.#stop.abort(new Error('the proxy stops'))
    await finished
    await this.#parts.caller.close()
  }

  async #cycle(): Promise<void> {
    const { db, config } = this.#parts
    const room = config.syncConcurrency - this.#turns.size
    if (room <= 0) return
    const turns = await takeTurns(db, randomUUID(), room, turnLeaseMs(config))
    for (const turn of turns) this.#begin(turn)
    const dueInMs = await nextTurnInMs(db)
    clearTimeout(this.#due)
    if (dueInMs !== undefined && dueInMs < IDLE_MS)
      this.#due = setTimeout(() => this.#loop.wake(), Math.max(1, Math.ceil(dueInMs)))
  }

  #begin(turn: SyncTurn): void {
    const run = this.#run(turn)
    this.#turns.add(run)
    void run.finally(() => {
      this.#turns.delete(run)
      this.#loop.wakeUnlessRunning()
    })
  }

  async #run(turn: SyncTurn): Promise<void> {
    const { db, log, config } = this.#parts
    using _keeper = keepTurn(db, turn, turnLeaseMs(config))
    try {
      await endTurn(db, turn, await syncTenant(turn, this.#parts))
    } catch (error) {
      // The turn's lease ends, and whoever is there then calls the tenant.
      log.error('a sync came to no end', { tenant: turn.tenantId, error: errorText(error) })
    }
  }
}

/** The turns were faster. */
function ignore(): void {}
