import type { Session } from './database.ts'

/** A message that was not queued, as whoever sent it hears of it. */
export interface Refusal {
  readonly id: string | null
  readonly reason: string
}

export interface Refused extends Refusal {
  /** Where it is reported to; undefined = nowhere. */
  readonly tenantId: string | undefined
}

/**
 * A refused message is reported like any other, for tenants that hand messages over in the reply to a sync and
 * get no answer to that. Never in place of a message that the queue has under the same id.
 */
export async function storeRefused(session: Session, refused: readonly Refused[]): Promise<void> {
  const reports = refused.filter(({ id, tenantId }) => id !== null && tenantId !== undefined)
  const unique = [
    ...new Map(reports.map((report) => [JSON.stringify([report.tenantId, report.id]), report])).values(),
  ]
  if (unique.length === 0) return
  await session.rows({
    text: `WITH refused AS (
        INSERT INTO messages (tenant_id, id, account_id, priority, state, payload, payload_bytes, error, done_at)
        SELECT g.tenant_id, g.id, '', 2, 'refused', '', 0, g.reason, now()
        FROM unnest($1::text[], $2::text[], $3::text[]) AS g(tenant_id, id, reason) JOIN tenants t ON t.id = g.tenant_id
        ORDER BY g.tenant_id, g.id
        ON CONFLICT (tenant_id, id) DO UPDATE SET error = excluded.error, done_at = now(), updated_at = now()
        WHERE messages.state = 'refused'
        RETURNING pk, tenant_id, id, error
      )
      INSERT INTO message_events (tenant_id, message_pk, message_id, type, description)
      SELECT tenant_id, pk, id, 'error', error FROM refused`,
    values: [unique.map((r) => r.tenantId), unique.map((r) => r.id), unique.map((r) => r.reason)],
  })
}
