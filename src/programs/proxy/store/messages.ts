import type { Mail } from '../intake/mail.ts'
import type { Database } from './database.ts'

export interface ListOptions {
  readonly tenantId: string
  readonly activeOnly: boolean
  readonly includeHistory: boolean
  readonly limit: number
  /** Cursor of the previous page. */
  readonly after: string | undefined
}

export interface ListedMessage {
  readonly pk: string
  readonly id: string
  readonly tenant_id: string
  readonly account_id: string
  readonly state: string
  readonly message: Mail | undefined
  readonly [key: string]: unknown
}

export interface Page {
  readonly messages: readonly ListedMessage[]
  /** Undefined on the last page. */
  readonly next: string | undefined
}

const TIMES = ['available_at', 'created_at', 'updated_at', 'done_at'].map(
  (column) => `extract(epoch FROM m.${column})::float8 AS ${column}`,
)

/** By id, a page at a time: a whole queue does not fit into one answer. */
export async function listMessages(db: Database, options: ListOptions): Promise<Page> {
  const { tenantId, activeOnly, limit, after } = options
  const rows = await db.rows<Row>({
    text: `SELECT m.pk, m.id, m.tenant_id, t.name AS tenant_name, m.account_id, m.priority, m.batch_code, m.held, m.state,
        m.claim IS NOT NULL AND m.available_at > now() AS claimed, m.available_at > now() AS later, m.attempts, m.error,
        m.payload, ${TIMES.join(', ')}
      FROM messages m JOIN tenants t ON t.id = m.tenant_id
      WHERE m.tenant_id = $1 AND (NOT $2 OR m.state = 'pending') AND m.id > $3 ORDER BY m.id LIMIT $4`,
    values: [tenantId, activeOnly, after ?? '', limit + 1],
  })
  const page = rows.slice(0, limit)
  const histories = options.includeHistory
    ? await historiesOf(
        db,
        page.map(({ pk }) => pk),
      )
    : undefined
  const messages = page.map((row) => listed(row, histories?.get(row.pk)))
  return { messages, next: rows.length > limit ? page.at(-1)?.id : undefined }
}

interface Row {
  readonly [column: string]: unknown
  readonly pk: string
  readonly id: string
  readonly tenant_id: string
  readonly tenant_name: string | null
  readonly account_id: string
  readonly priority: number
  readonly batch_code: string | null
  readonly held: boolean
  readonly state: 'pending' | 'sent' | 'error' | 'refused'
  readonly claimed: boolean
  readonly later: boolean
  readonly attempts: number
  readonly error: string | null
  readonly payload: string
  readonly available_at: number
  readonly created_at: number
  readonly updated_at: number
  readonly done_at: number | null
}

function listed(row: Row, history: unknown): ListedMessage {
  const pending = row.state === 'pending'
  const deferred = pending && !row.claimed && row.later
  const known = {
    pk: row.pk,
    id: row.id,
    tenant_id: row.tenant_id,
    tenant_name: row.tenant_name ?? undefined,
    account_id: row.account_id,
    state: stateOf(row, deferred),
    priority: row.priority,
    batch_code: row.batch_code ?? undefined,
    attempts: row.attempts,
    deferred_ts: deferred ? row.available_at : undefined,
    sent_ts: row.state === 'sent' ? row.done_at : undefined,
    error_ts: row.state === 'error' || row.state === 'refused' ? row.done_at : undefined,
    error: row.error ?? undefined,
    created_at: row.created_at,
    updated_at: row.updated_at,
    message: row.payload === '' ? undefined : withoutContent(JSON.parse(row.payload) as Mail),
    history,
  }
  return known
}

function stateOf({ state, held, claimed }: Row, deferred: boolean): string {
  if (state !== 'pending') return state
  if (claimed) return 'sending'
  if (held) return 'suspended'
  return deferred ? 'deferred' : 'pending'
}

/** Lists do not need megabytes of base64. */
function withoutContent(mail: Mail): Mail {
  const attachments = mail.attachments.map((spec) =>
    spec.mode === 'base64'
      ? { ...spec, source: `${spec.source.length} characters` }
      : { ...spec, auth: undefined },
  )
  return { ...mail, attachments }
}

async function historiesOf(db: Database, pks: readonly string[]): Promise<Map<string, unknown>> {
  const rows = await db.rows<{ pk: string; history: unknown }>({
    text: `SELECT message_pk AS pk, json_agg(json_strip_nulls(json_build_object('event_id', id, 'event_type', type,
        'event_ts', extract(epoch FROM at), 'until_ts', extract(epoch FROM until), 'description', description,
        'metadata', recipients, 'reported_ts', extract(epoch FROM reported_at))) ORDER BY id) AS history
      FROM message_events WHERE message_pk = ANY ($1::bigint[]) GROUP BY message_pk`,
    values: [pks],
  })
  return new Map(rows.map(({ pk, history }) => [pk, history]))
}

/** Deletes messages of a tenant by id; those being sent right now are left alone. */
export async function deleteMessages(
  db: Database,
  tenantId: string,
  ids: readonly string[],
): Promise<{ removed: number; notFound: string[]; beingSent: string[] }> {
  return db.transaction(async (session) => {
    const found = await session.rows<{ pk: string; id: string; claimed: boolean }>({
      text: `SELECT pk, id, state = 'pending' AND claim IS NOT NULL AND available_at > now() AS claimed FROM messages
        WHERE tenant_id = $1 AND id = ANY ($2) ORDER BY pk FOR UPDATE`,
      values: [tenantId, ids],
    })
    const free = found.filter(({ claimed }) => !claimed)
    await session.rows({
      text: 'DELETE FROM messages WHERE pk = ANY ($1::bigint[])',
      values: [free.map(({ pk }) => pk)],
    })
    const known = new Set(found.map(({ id }) => id))
    const beingSent = found.filter(({ claimed }) => claimed).map(({ id }) => id)
    return { removed: free.length, notFound: ids.filter((id) => !known.has(id)), beingSent }
  })
}

/** The queue as a whole, for metrics. */
export async function queueState(db: Database): Promise<{ pending: number; oldestReadyAgeMs: number }> {
  const [row] = await db.rows<{ pending: number; age: number | null }>({
    text: `SELECT count(*)::int AS pending,
        (extract(epoch FROM now() - min(available_at) FILTER (WHERE NOT held AND available_at <= now())) * 1000)::float8 AS age
      FROM messages WHERE state = 'pending'`,
    name: 'queue-state',
  })
  return { pending: row?.pending ?? 0, oldestReadyAgeMs: row?.age ?? 0 }
}

/** Rows per statement: keeps locks short, whatever has piled up. */
const ROWS = 1_000
/** A tenant without a URL is never told. */
const OWED = `EXISTS (SELECT 1 FROM message_events e JOIN tenants t ON t.id = e.tenant_id
  WHERE e.message_pk = m.pk AND e.reported_at IS NULL AND t.client_base_url IS NOT NULL)`

/**
 * Deletes finished messages whose reports were all acknowledged, and their events. Returns the number of
 * messages.
 */
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
