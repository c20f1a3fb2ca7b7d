import type { Bounce } from '../../../delivery-report.ts'
import type { Mail } from '../intake/mail.ts'
import type { Database, Session } from './database.ts'
import { ring } from './doorbell.ts'
import type { InstanceSettings } from './instance.ts'

/** The bounce mailbox, which only this proxy may read now. */
export interface BounceTurn {
  readonly settings: InstanceSettings
  /** How far it was read, and in which UIDVALIDITY of the mailbox (RFC 9051 2.3.1.1). */
  readonly lastUid: number
  readonly uidValidity: string | null
}

const DEFAULT_POLL_S = 60

/**
 * Takes the turn when it is due; undefined when it is not, another proxy has it, or there is no bounce mailbox.
 */
export async function takeBounceTurn(session: Session, leaseMs: number): Promise<BounceTurn | undefined> {
  const [turn] = await session.rows<BounceTurn & { [column: string]: unknown }>({
    text: `UPDATE instance SET bounce_claimed_until = now() + $1::float8 * interval '1 ms'
      WHERE (settings->>'bounce_enabled')::boolean AND settings ? 'bounce_imap_host'
        AND (bounce_claimed_until IS NULL OR bounce_claimed_until <= now())
        AND (bounce_last_sync IS NULL OR bounce_last_sync
          <= now() - coalesce((settings->>'bounce_poll_interval')::int, ${DEFAULT_POLL_S}) * interval '1 s')
      RETURNING settings, bounce_last_uid::float8 AS "lastUid", bounce_uidvalidity AS "uidValidity"`,
    values: [leaseMs],
    name: 'take-bounce-turn',
  })
  return turn
}

/** Ends the turn; with `again` the next one is due at once. */
export async function endBounceTurn(session: Session, again = false): Promise<void> {
  await session.rows({
    text: `UPDATE instance SET bounce_claimed_until = NULL, bounce_last_sync = CASE WHEN $1 THEN NULL ELSE now() END`,
    values: [again],
  })
}

/** Renews the lease of the turn. */
export async function extendBounceTurn(session: Session, leaseMs: number): Promise<void> {
  await session.rows({
    text: `UPDATE instance SET bounce_claimed_until = now() + $1::float8 * interval '1 ms'`,
    values: [leaseMs],
  })
}

/** A message of any tenant with this id. */
export interface Candidate {
  readonly pk: string
  readonly tenantId: string
  readonly id: string
  readonly mail: Mail
}

/** By the tenants' own indexes: there are few tenants and many messages. */
export async function messagesWithId(session: Session, id: string): Promise<Candidate[]> {
  const rows = await session.rows<{ pk: string; tenant_id: string; id: string; payload: string }>({
    text: `SELECT m.pk, m.tenant_id, m.id, m.payload FROM tenants t JOIN messages m ON m.tenant_id = t.id AND m.id = $1
      WHERE m.payload <> ''`,
    values: [id],
  })
  return rows.map(({ pk, tenant_id, id: known, payload }) => {
    return { pk, tenantId: tenant_id, id: known, mail: JSON.parse(payload) as Mail }
  })
}

/**
 * Records what a mail said together with how far the mailbox was read, so that each bounce is reported once
 * even when mails are read again. Returns how many are new.
 */
export async function recordBounces(
  db: Database,
  { uid, uidValidity }: { readonly uid: number; readonly uidValidity: string },
  found?: { readonly message: Candidate; readonly bounces: readonly Bounce[] },
): Promise<number> {
  return db.transaction(async (session) => {
    await session.rows({
      text: 'UPDATE instance SET bounce_last_uid = $1, bounce_uidvalidity = $2',
      values: [uid, uidValidity],
    })
    if (found === undefined || found.bounces.length === 0) return 0
    const { pk, tenantId, id } = found.message
    const rows = await session.rows({
      text: `INSERT INTO message_events (tenant_id, message_pk, message_id, type, description, bounce)
        SELECT $1, $2, $3, 'bounce', b->>'reason', b FROM jsonb_array_elements($4::jsonb) AS b
        ON CONFLICT (message_pk, (bounce->>'recipient'), (bounce->>'type')) WHERE type = 'bounce' DO NOTHING RETURNING 1`,
      values: [tenantId, pk, id, JSON.stringify(found.bounces)],
    })
    if (rows.length > 0) await ring(session, 'sync')
    return rows.length
  })
}
