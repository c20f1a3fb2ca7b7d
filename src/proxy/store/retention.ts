import type { Database } from './database.ts'

/** Rows of one statement: short locks, whatever has piled up. */
const ROWS = 1_000
/** A tenant that has no URL will never be told. */
const OWED = `EXISTS (SELECT 1 FROM message_events e JOIN tenants t ON t.id = e.tenant_id
  WHERE e.message_pk = m.pk AND e.reported_at IS NULL AND t.client_base_url IS NOT NULL)`

/** Deletes messages that are done with, all of whose reports were acknowledged, and events likewise. Gives the number of messages. */
export async function forget(db: Database, olderThanMs: number, tenantId?: string): Promise<number> {
  let forgotten = 0
  for (let full = true; full; ) {
    const rows = await db.rows<{ pk: string }>({
      text: `DELETE FROM messages WHERE pk IN (
          SELECT m.pk FROM messages m WHERE m.state <> 'pending' AND m.done_at < now() - $1::float8 * interval '1 ms'
            AND ($2::text IS NULL OR m.tenant_id = $2) AND NOT ${OWED}
          ORDER BY m.done_at LIMIT ${ROWS} FOR UPDATE SKIP LOCKED
        ) RETURNING pk`,
      values: [olderThanMs, tenantId ?? null],
    })
    forgotten += rows.length
    full = rows.length === ROWS
  }
  await forgetEvents(db, olderThanMs, tenantId)
  return forgotten
}

async function forgetEvents(db: Database, olderThanMs: number, tenantId: string | undefined): Promise<void> {
  for (let full = true; full; ) {
    const rows = await db.rows({
      text: `DELETE FROM message_events WHERE id IN (
          SELECT e.id FROM message_events e JOIN tenants t ON t.id = e.tenant_id
          WHERE e.at < now() - $1::float8 * interval '1 ms'
            AND ($2::text IS NULL OR e.tenant_id = $2)
            AND (e.reported_at IS NOT NULL OR t.client_base_url IS NULL)
            AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.pk = e.message_pk)
          ORDER BY e.at LIMIT ${ROWS} FOR UPDATE OF e SKIP LOCKED
        ) RETURNING 1`,
      values: [olderThanMs, tenantId ?? null],
    })
    full = rows.length === ROWS
  }
  await db.rows({ text: `DELETE FROM rate_slots WHERE taken_at < now() - interval '1 day'` })
}
