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

/** Interval when nothing else is due. */
const IDLE_MS = 5_000

/**
 * The sync loop: calls each tenant when it is due. Turns are kept in the database, so that any number of
 * proxies together call a tenant as often as one would. Tenants are called in parallel: a slow one occupies one
 * of `syncConcurrency` places, at most for the time limit.
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

  /** Call when a tenant may be due. */
  wake(): void {
    this.#loop.wake()
  }

  /** Running calls have `withinMs` to end: their answers may hand over messages. */
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
      // The lease of the turn expires, and the next proxy calls the tenant.
      log.error('a sync turn could not be ended', { tenant: turn.tenantId, error: errorText(error) })
    }
  }
}

/** All turns ended before the delay, which was cancelled. */
function ignore(): void {}

/** Longest wait of a tenant for the remaining proxies when one was killed. */
const LONGEST_LEASE_MS = 10_000
/** Renewals per lease: two of them may be late or fail. */
const SIGNS_PER_LEASE = 3

/** How long a turn belongs to its proxy without being renewed. */
function turnLeaseMs({ leaseMs }: Pick<ProxyConfig, 'leaseMs'>): number {
  return Math.min(leaseMs, LONGEST_LEASE_MS)
}

/** Renews a turn until disposed of, because a tenant may take long to answer. */
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
  /** Ends running calls, and waits for the database. */
  readonly stop: AbortSignal
}

/** Longest interval for a tenant that keeps failing. */
const LONGEST_BACK_OFF_MS = 300_000

/**
 * Calls one tenant until neither side has more, a bounded number of times. Acknowledgements are recorded after
 * each answer, before anything else can go wrong.
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
    // Whatever the error, a tenant whose turn fails is called less often, and the failure is visible.
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
 * Records what the tenant handed over and acknowledged, even if that takes until the end. Acknowledgements are
 * recorded even when something else fails, or the tenant would get the same reports for ever.
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
    log.warning('parts of a sync answer were ignored', { tenant: tenantId, oddities: reply.oddities })
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
