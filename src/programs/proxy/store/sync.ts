import type { Bounce } from '../../../delivery-report.ts'
import type { Database, Session } from './database.ts'
import { ring } from './doorbell.ts'
import type { RecipientDone } from './outcomes.ts'
import type { TenantClient } from './tenants.ts'

/** A tenant that only this proxy may call now. */
export interface SyncTurn {
  readonly tenantId: string
  readonly tenantName: string | null
  readonly client: TenantClient
  readonly claim: string
  readonly failures: number
}

/**
 * A tenant without an account is not called unless it is owed a report: nobody could send its messages, and
 * every set-up creates the tenant first.
 */
const CALLABLE = `active AND client_base_url IS NOT NULL
  AND (EXISTS (SELECT 1 FROM accounts a WHERE a.tenant_id = tenants.id)
    OR EXISTS (SELECT 1 FROM message_events e WHERE e.tenant_id = tenants.id AND e.reported_at IS NULL))`

/** Takes up to `limit` due tenants, longest waiting first; nobody else calls them within `leaseMs`. */
export async function takeTurns(
  db: Database,
  claim: string,
  limit: number,
  leaseMs: number,
): Promise<SyncTurn[]> {
  const rows = await db.rows<TenantClient & Omit<SyncTurn, 'client'> & { [column: string]: unknown }>({
    text: `UPDATE tenants SET sync_claim = $1, sync_claim_until = now() + $3::float8 * interval '1 ms' WHERE id IN (
        SELECT id FROM tenants WHERE ${CALLABLE} AND next_sync_at <= now()
          AND (sync_claim_until IS NULL OR sync_claim_until <= now())
        ORDER BY next_sync_at LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED
      )
      RETURNING id AS "tenantId", name AS "tenantName", client_base_url AS "baseUrl", client_sync_path AS "syncPath",
        client_attachment_path AS "attachmentPath", client_auth AS auth, client_fenced AS fenced,
        greatest(sync_failures, 0) AS failures`,
    values: [claim, limit, leaseMs],
    name: 'take-turns',
  })
  return rows.map(({ tenantId, tenantName, failures, baseUrl, syncPath, attachmentPath, auth, fenced }) => ({
    tenantId,
    tenantName,
    failures,
    claim,
    client: { baseUrl, syncPath, attachmentPath, auth, fenced },
  }))
}

/** Renews the lease of a turn. */
export async function extendTurn(
  session: Session,
  { tenantId, claim }: SyncTurn,
  leaseMs: number,
): Promise<void> {
  await session.rows({
    text: `UPDATE tenants SET sync_claim_until = now() + $3::float8 * interval '1 ms' WHERE id = $1 AND sync_claim = $2`,
    values: [tenantId, claim, leaseMs],
    name: 'extend-turn',
  })
}

/** When to call a tenant next. */
export type NextSync =
  | { readonly afterMs: number; readonly failed: boolean }
  /** It asked not to be disturbed until then, in seconds since 1970. */
  | { readonly notBeforeTs: number }

/**
 * Ends a turn. The next one is due at once after a run-now that came during it, and after a failure with settings that
 * were changed during it.
 */
export async function endTurn(
  session: Session,
  { tenantId, claim }: SyncTurn,
  next: NextSync,
): Promise<void> {
  const dnd = 'notBeforeTs' in next
  await session.rows({
    text: `UPDATE tenants SET sync_claim = NULL, sync_claim_until = NULL, in_dnd = $3,
        last_sync_at = CASE WHEN $4 THEN last_sync_at ELSE now() END,
        sync_failures = CASE WHEN $4 THEN sync_failures + 1 ELSE 0 END,
        next_sync_at = CASE WHEN next_sync_at = '-infinity' OR ($4 AND sync_failures < 0) THEN now()
          ELSE coalesce(to_timestamp($5), now() + $6::float8 * interval '1 ms') END
      WHERE id = $1 AND sync_claim = $2`,
    values: [
      tenantId,
      claim,
      dnd,
      'failed' in next && next.failed,
      dnd ? next.notBeforeTs : null,
      dnd ? null : next.afterMs,
    ],
    name: 'end-turn',
  })
}

/** Makes one or all tenants due, whatever they asked for; returns how many. */
export async function syncNow(db: Database, tenantId?: string): Promise<number> {
  const rows = await db.rows({
    // A turn in progress began earlier: '-infinity' tells its end that another is wanted.
    text: `UPDATE tenants SET in_dnd = false,
        next_sync_at = CASE WHEN sync_claim_until > now() THEN '-infinity'::timestamptz ELSE now() END
      WHERE client_base_url IS NOT NULL AND active AND ($1::text IS NULL OR id = $1) RETURNING 1`,
    values: [tenantId ?? null],
  })
  await ring(db, 'sync')
  await ring(db, 'messages')
  return rows.length
}

/** Time until the next turn is due, in ms; undefined when no tenant is to be called. */
export async function nextTurnInMs(db: Database): Promise<number | undefined> {
  const [row] = await db.rows<{ ms: number | null }>({
    text: `SELECT extract(epoch FROM min(greatest(next_sync_at, coalesce(sync_claim_until, next_sync_at))) - now())::float8
        * 1000 AS ms FROM tenants WHERE ${CALLABLE} AND next_sync_at > '-infinity'`,
    name: 'next-turn',
  })
  return row?.ms ?? undefined
}

/** One item of a delivery report, as sent to tenants. Times are seconds since 1970. */
export interface Report {
  readonly id: string
  readonly sent_ts?: number
  readonly error_ts?: number
  readonly error?: string
  readonly deferred_ts?: number
  readonly deferred_reason?: string
  /** A sent message bounced for one of its recipients. */
  readonly bounce_ts?: number
  readonly bounce_type?: 'hard' | 'soft'
  /** Status code (RFC 3463), such as 5.1.1. */
  readonly bounce_code?: string
  readonly bounce_reason?: string
  readonly bounce_recipient?: string
  /** For a sent message: who did not get it, and why. */
  readonly refused_recipients?: readonly { readonly address: string; readonly reason: string }[]
}

export interface Reports {
  readonly items: readonly Report[]
  /** Ids of the events behind the items, for acknowledge(). */
  readonly eventIds: readonly string[]
  /** Whether more are waiting. */
  readonly more: boolean
}

interface Row {
  readonly [column: string]: unknown
  readonly event_id: string
  readonly id: string
  readonly type: 'sent' | 'error' | 'deferred' | 'bounce'
  readonly bounce: Bounce | null
  readonly at: number
  readonly until: number | null
  readonly description: string | null
  readonly recipients: readonly RecipientDone[] | null
}

/** Reports that a tenant has not acknowledged, oldest first. */
export async function unreported(db: Database, tenantId: string, limit: number): Promise<Reports> {
  const rows = await db.rows<Row>({
    text: `SELECT id AS event_id, message_id AS id, type, extract(epoch FROM at)::float8 AS at,
        extract(epoch FROM until)::float8 AS until, description, recipients, bounce
      FROM message_events WHERE tenant_id = $1 AND reported_at IS NULL ORDER BY id LIMIT $2`,
    values: [tenantId, limit + 1],
    name: 'unreported',
  })
  const page = rows.slice(0, limit)
  return { items: page.map(reportOf), eventIds: page.map((row) => row.event_id), more: rows.length > limit }
}

function reportOf({ id, type, at, until, description, recipients, bounce }: Row): Report {
  const reason = description ?? ''
  if (type === 'bounce' && bounce !== null)
    return {
      id,
      bounce_ts: at,
      bounce_type: bounce.type,
      ...(bounce.code === undefined ? {} : { bounce_code: bounce.code }),
      bounce_reason: bounce.reason,
      bounce_recipient: bounce.recipient,
    }
  // As in genro-mail-proxy: deferred_ts is the time of the next attempt.
  if (type === 'deferred') return { id, deferred_ts: until ?? at, deferred_reason: reason }
  if (type === 'error') return { id, error_ts: at, error: reason }
  const refused = (recipients ?? []).flatMap(({ address, refused: why }) =>
    why === undefined ? [] : [{ address, reason: why }],
  )
  return { id, sent_ts: at, ...(refused.length === 0 ? {} : { refused_recipients: refused }) }
}

export async function acknowledge(session: Session, eventIds: readonly string[]): Promise<void> {
  if (eventIds.length === 0) return
  await session.rows({
    text: 'UPDATE message_events SET reported_at = now() WHERE id = ANY ($1::bigint[]) AND reported_at IS NULL',
    values: [eventIds],
    name: 'acknowledge',
  })
}
