import { errorText } from '../../error.ts'
import type { Log } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import type { ProxyConfig } from '../options.ts'
import type { Database } from '../store/database.ts'
import { takeMessages } from '../store/intake.ts'
import { persistently } from '../store/persistently.ts'
import { acknowledge, type Reports, unreported } from '../store/reports.ts'
import type { NextSync, SyncTurn } from '../store/sync-turns.ts'
import { SyncFailure, type SyncReply } from './reply.ts'
import type { TenantCaller } from './tenant-caller.ts'

export interface SyncTurnParts {
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
export async function syncTenant(turn: SyncTurn, parts: SyncTurnParts): Promise<NextSync> {
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
