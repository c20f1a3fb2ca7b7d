import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { errorText } from '../../../error.ts'
import type { Intercept } from '../attachments/reach.ts'
import type { Log } from '../log.ts'
import { Loop } from '../loop.ts'
import type { Metrics } from '../metrics.ts'
import type { ProxyConfig } from '../options.ts'
import { type Database, persistently } from '../store/database.ts'
import { takeMessages } from '../store/intake.ts'
import {
  acknowledge,
  endTurn,
  extendTurn,
  type NextSync,
  nextTurnInMs,
  type Reports,
  type SyncTurn,
  takeTurns,
  unreported,
} from '../store/sync.ts'
import { SyncFailure, type SyncReply, TenantCaller } from './tenant-caller.ts'

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
      // The lease of the turn runs out, and the next proxy calls the tenant.
      log.error('a sync did not finish', { tenant: turn.tenantId, error: errorText(error) })
    }
  }
}

/** The turns were faster. */
function ignore(): void {}

/** A tenant should not wait longer than this for the proxies that are left when one was killed. */
const LONGEST_LEASE_MS = 10_000
/** Two signs of life may be late or lost. */
const SIGNS_PER_LEASE = 3

/** How long a turn belongs to the proxy that took it, without a sign of life. */
function turnLeaseMs({ leaseMs }: Pick<ProxyConfig, 'leaseMs'>): number {
  return Math.min(leaseMs, LONGEST_LEASE_MS)
}

/** Gives signs of life of a turn until it is disposed of: a tenant may take long to answer. */
function keepTurn(db: Database, turn: SyncTurn, leaseMs: number): Disposable {
  // While the database is away nobody else can take the turn either.
  const extend = () => void extendTurn(db, turn, leaseMs).catch(() => {})
  const timer = setInterval(extend, leaseMs / SIGNS_PER_LEASE)
  return { [Symbol.dispose]: () => clearInterval(timer) }
}

interface SyncTurnParts {
  readonly db: Database
  readonly config: ProxyConfig
  readonly log: Log
  readonly metrics: Metrics
  readonly caller: TenantCaller
  /** Ends calls that run, and waits for the database. */
  readonly stop: AbortSignal
}

/** A tenant that fails is called less often, up to this. */
const LONGEST_BACK_OFF_MS = 300_000

/**
 * Calls one tenant until neither side has more, a bounded number of times. What it acknowledged is written down
 * after each answer, before anything else can go wrong.
 */
async function syncTenant(turn: SyncTurn, parts: SyncTurnParts): Promise<NextSync> {
  const { config, metrics, log } = parts
  try {
    for (let round = 0; round < config.syncMaxRounds; round++) {
      const { reply, more } = await callOnce(turn, parts)
      const { nextSyncAfterTs: notBeforeTs } = reply
      if (notBeforeTs !== undefined && notBeforeTs > Date.now() / 1000) return { notBeforeTs }
      if (reply.queued === 0 && !more) break
    }
    return { afterMs: config.syncIntervalMs, failed: false }
  } catch (error) {
    // Whatever it was: a tenant whose turn fails is called less often, and seen to fail.
    const reason = error instanceof SyncFailure ? error.reason : 'internal'
    metrics.syncFailed(turn.tenantId, reason)
    log.warning('sync failed', { tenant: turn.tenantId, reason, error: errorText(error) })
    return {
      afterMs: Math.min(config.syncIntervalMs * 2 ** turn.failures, LONGEST_BACK_OFF_MS),
      failed: true,
    }
  }
}

async function callOnce(
  turn: SyncTurn,
  parts: SyncTurnParts,
): Promise<{ readonly reply: SyncReply; readonly more: boolean }> {
  const { db, config, metrics, caller, stop } = parts
  const reports = await unreported(db, turn.tenantId, config.reportBatch)
  const beganAtMs = performance.now()
  try {
    const reply = await caller.call(turn.client, reports.items, stop)
    await digest(turn, reports, reply, parts)
    return { reply, more: reports.more }
  } finally {
    metrics.synced(turn.tenantId, performance.now() - beganAtMs)
  }
}

/**
 * The tenant has done its part: what it handed over and acknowledged is written, if it takes until the end. What it
 * acknowledged also when something else goes wrong: else it would be told the same for ever.
 */
async function digest(
  turn: SyncTurn,
  reports: Reports,
  reply: SyncReply,
  parts: SyncTurnParts,
): Promise<void> {
  const { db, config, metrics, log, stop } = parts
  const { tenantId } = turn
  if (reply.oddities.length > 0)
    log.warning('odd answer to a sync', { tenant: tenantId, oddities: reply.oddities })
  const persistence = { log, giveUp: stop, what: `an answer of ${tenantId}` }
  try {
    for (let at = 0; at < reply.messages.length; at += config.maxBatch) {
      const batch = reply.messages.slice(at, at + config.maxBatch)
      const take = () => takeMessages(db, batch, { tenantId, onlyTenantId: tenantId })
      const { queued, rejected } = await persistently(take, persistence)
      metrics.syncMessages(tenantId, queued, rejected.length)
      if (rejected.length > 0)
        log.warning('messages refused', { tenant: tenantId, rejected: rejected.slice(0, 10) })
    }
  } finally {
    await persistently(() => acknowledge(db, reports.eventIds), persistence)
    metrics.reported(tenantId, reports.eventIds.length)
  }
}
