import type { Mail } from '../intake/mail.ts'
import type { SmtpServer } from './accounts.ts'
import type { Session } from './database.ts'
import type { RecipientDone } from './outcomes.ts'
import { freeSlots, type Hold } from './rate.ts'
import type { LargeFilePolicy, TenantClient } from './tenants.ts'

/** A message that belongs to this process until its lease ends, with everything needed to send it. */
export interface Claimed {
  readonly pk: string
  readonly claim: string
  readonly id: string
  readonly tenantId: string
  readonly tenantName: string | null
  readonly client: TenantClient
  readonly largeFiles: LargeFilePolicy | null
  /** Return path of messages that name none themselves; null: their From. */
  readonly bounceReturnPath: string | null
  readonly accountId: string
  readonly server: SmtpServer
  readonly limited: boolean
  readonly priority: number
  /** Attempts that ended with a deferral. */
  readonly attempts: number
  /** Claims without an outcome, including this one. */
  readonly claims: number
  readonly recipientsDone: readonly RecipientDone[]
  readonly mail: Mail
  readonly payloadBytes: number
}

/** What this process has in hand of a lane (the messages of one account). */
export interface LaneLoad {
  readonly tenantId: string
  readonly accountId: string
  /** With priorities 1 to 3. */
  readonly waiting: number
  /** With priority 0, which has its own room and does not wait behind a full batch. */
  readonly urgent: number
}

/** What a tenant may claim of the available room. */
export interface TenantRoom {
  readonly tenantId: string
  readonly messages: number
  readonly bytes: number
}

export interface ClaimOptions {
  /** A new id for each claim. */
  readonly claim: string
  readonly leaseMs: number
  /** Per lane, unless its account sets its own; minus what is already waiting here. */
  readonly batchSize: number
  readonly maxMessages: number
  readonly maxBytes: number
  readonly loads: readonly LaneLoad[]
  /** Of tenants with messages waiting in this process. */
  readonly rooms: readonly TenantRoom[]
  /** Of any other tenant. */
  readonly otherRoom: Omit<TenantRoom, 'tenantId'>
}

/**
 * Claims up to a batch of each lane, by priority, then time. Simultaneous claims of other proxies take other
 * messages (SKIP LOCKED), and nobody waits.
 *
 * - lane: the accounts with pending messages, one index probe each (a loose index scan).
 * - chosen: per lane one probe per priority, later ones only when the earlier gave too little.
 * - fair: of each tenant the first ones within its room; a tenant without room claims nothing.
 * - bounded: the first of those within the limits of rows and bytes; at least one, however large.
 */
const CLAIM = `
  WITH RECURSIVE lane AS (
    (SELECT tenant_id, account_id FROM messages WHERE state = 'pending' AND NOT held
      ORDER BY tenant_id, account_id LIMIT 1)
    UNION ALL
    SELECT n.tenant_id, n.account_id FROM lane l CROSS JOIN LATERAL (
      SELECT m.tenant_id, m.account_id FROM messages m
      WHERE m.state = 'pending' AND NOT m.held AND (m.tenant_id, m.account_id) > (l.tenant_id, l.account_id)
      ORDER BY m.tenant_id, m.account_id LIMIT 1
    ) n
  ),
  open AS MATERIALIZED (
    SELECT l.tenant_id, l.account_id, 
      greatest(coalesce(a.batch_size, $3::int) - coalesce(w.waiting, 0), 0) AS room,
      greatest(coalesce(a.batch_size, $3::int) - coalesce(w.urgent, 0), 0) AS urgent_room,
      coalesce(r.messages, $13::int) AS tenant_messages, coalesce(r.bytes, $14::bigint) AS tenant_bytes
    FROM lane l
    JOIN tenants t ON t.id = l.tenant_id AND NOT '*' = ANY (t.suspended_batches)
    JOIN accounts a ON a.tenant_id = l.tenant_id AND a.id = l.account_id
      AND (a.blocked_until IS NULL OR a.blocked_until <= now())
    LEFT JOIN unnest($6::text[], $7::text[], $8::int[], $9::int[]) AS w(tenant_id, account_id, waiting, urgent)
      ON w.tenant_id = l.tenant_id AND w.account_id = l.account_id
    LEFT JOIN unnest($10::text[], $11::int[], $12::bigint[]) AS r(tenant_id, messages, bytes)
      ON r.tenant_id = l.tenant_id
  ),
  chosen AS MATERIALIZED (
    SELECT c.*, o.tenant_id, o.tenant_messages, o.tenant_bytes FROM open o CROSS JOIN LATERAL (
      SELECT u.* FROM (
        ${[0, 1, 2, 3].map(ofPriority).join(' UNION ALL ')}
      ) u LIMIT greatest(o.room, o.urgent_room)
    ) c
  ),
  fair AS MATERIALIZED (
    SELECT pk, priority, available_at, payload_bytes FROM (
      SELECT c.*, row_number() OVER w AS n, sum(payload_bytes) OVER w - payload_bytes AS bytes_before
      FROM chosen c WINDOW w AS (PARTITION BY tenant_id ORDER BY priority, available_at, pk)
    ) s
    WHERE n <= tenant_messages AND bytes_before < tenant_bytes
  ),
  bounded AS MATERIALIZED (
    SELECT pk FROM (
      SELECT pk, row_number() OVER w AS n, sum(payload_bytes) OVER w - payload_bytes AS bytes_before
      FROM fair WINDOW w AS (ORDER BY priority, available_at, pk)
    ) s
    WHERE n <= $4::int AND bytes_before < $5::bigint
  ),
  claimed AS (
    UPDATE messages m SET claim = $1::uuid, claims = m.claims + 1, available_at = now() + $2::int * interval '1 ms'
    FROM bounded b WHERE m.pk = b.pk
    RETURNING m.pk, m.id, m.tenant_id, m.account_id, m.priority, m.attempts, m.claims, m.recipients_done, m.payload,
      m.payload_bytes
  )
  SELECT c.*, t.name AS tenant_name, t.client_base_url, t.client_sync_path, t.client_attachment_path, t.client_auth,
    t.client_fenced, t.large_files, a.host, a.port, a.user_name, a.password, a.tls, a.fenced,
    (SELECT settings->>'bounce_return_path' FROM instance WHERE (settings->>'bounce_enabled')::boolean)
      AS bounce_return_path,
    coalesce(a.limit_per_minute, a.limit_per_hour, a.limit_per_day, t.limit_per_hour, t.limit_per_day) IS NOT NULL
      AS limited
  FROM claimed c
  JOIN tenants t ON t.id = c.tenant_id
  JOIN accounts a ON a.tenant_id = c.tenant_id AND a.id = c.account_id
  ORDER BY c.priority, c.pk`

function ofPriority(priority: number): string {
  return `SELECT * FROM (
    SELECT m.pk, m.priority, m.available_at, m.payload_bytes FROM messages m
    WHERE m.state = 'pending' AND NOT m.held AND m.tenant_id = o.tenant_id AND m.account_id = o.account_id
      AND m.priority = ${priority} AND m.available_at <= now()
    ORDER BY m.available_at LIMIT o.${priority === 0 ? 'urgent_room' : 'room'} FOR UPDATE SKIP LOCKED
  ) p${priority}`
}

interface Row {
  readonly pk: string
  readonly id: string
  readonly tenant_id: string
  readonly account_id: string
  readonly priority: number
  readonly attempts: number
  readonly claims: number
  readonly recipients_done: RecipientDone[] | null
  readonly payload: string
  readonly payload_bytes: number
  readonly tenant_name: string | null
  readonly client_base_url: string | null
  readonly client_sync_path: string | null
  readonly client_attachment_path: string | null
  readonly client_auth: TenantClient['auth']
  readonly client_fenced: boolean
  readonly large_files: LargeFilePolicy | null
  readonly host: string
  readonly port: number
  readonly user_name: string | null
  readonly password: string | null
  readonly tls: SmtpServer['tls']
  readonly fenced: boolean
  readonly limited: boolean
  readonly bounce_return_path: string | null
}

export async function claimMessages(session: Session, options: ClaimOptions): Promise<Claimed[]> {
  const { claim, leaseMs, batchSize, maxMessages, maxBytes, loads, rooms, otherRoom } = options
  const rows = await session.rows<Row & { [column: string]: unknown }>({
    text: CLAIM,
    name: 'claim',
    values: [
      ...[claim, leaseMs, batchSize, maxMessages, maxBytes],
      loads.map(({ tenantId }) => tenantId),
      loads.map(({ accountId }) => accountId),
      loads.map(({ waiting }) => waiting),
      loads.map(({ urgent }) => urgent),
      rooms.map(({ tenantId }) => tenantId),
      rooms.map(({ messages }) => messages),
      rooms.map(({ bytes }) => bytes),
      ...[otherRoom.messages, otherRoom.bytes],
    ],
  })
  return rows.map((row) => claimedOf(row, claim))
}

function claimedOf(row: Row, claim: string): Claimed {
  return {
    pk: row.pk,
    claim,
    id: row.id,
    tenantId: row.tenant_id,
    tenantName: row.tenant_name,
    client: {
      baseUrl: row.client_base_url,
      syncPath: row.client_sync_path,
      attachmentPath: row.client_attachment_path,
      auth: row.client_auth,
      fenced: row.client_fenced,
    },
    largeFiles: row.large_files,
    bounceReturnPath: row.bounce_return_path,
    accountId: row.account_id,
    server: {
      host: row.host,
      port: row.port,
      user: row.user_name,
      password: row.password,
      tls: row.tls,
      fenced: row.fenced,
    },
    limited: row.limited,
    priority: row.priority,
    attempts: row.attempts,
    claims: row.claims,
    recipientsDone: row.recipients_done ?? [],
    mail: JSON.parse(row.payload) as Mail,
    payloadBytes: row.payload_bytes,
  }
}

const HELD = `FROM unnest($1::bigint[], $2::uuid[]) AS h(pk, claim)
  WHERE m.pk = h.pk AND m.claim = h.claim AND m.state = 'pending'`

const valuesOf = (holds: readonly Hold[]) => [holds.map(({ pk }) => pk), holds.map(({ claim }) => claim)]

/** Renews the leases; returns the messages that still belong to this process. */
export async function extendLeases(
  session: Session,
  holds: readonly Hold[],
  leaseMs: number,
): Promise<Set<string>> {
  const rows = await session.rows<{ pk: string }>({
    text: `UPDATE messages m SET available_at = now() + $3::int * interval '1 ms' ${HELD} RETURNING m.pk`,
    values: [...valuesOf(holds), leaseMs],
    name: 'extend',
  })
  return new Set(rows.map(({ pk }) => pk))
}

/** Releases messages as if they had never been claimed, with the rate-limit slots they had reserved. */
export async function releaseClaims(session: Session, holds: readonly Hold[]): Promise<void> {
  if (holds.length === 0) return
  await session.rows({
    text: `WITH hold AS (SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::boolean[]) AS h(pk, claim, mailed)),
      ${freeSlots('hold')}
      UPDATE messages m SET claim = NULL, claims = greatest(m.claims - 1, 0), available_at = now()
      FROM hold h WHERE m.pk = h.pk AND m.claim = h.claim AND m.state = 'pending'`,
    values: [...valuesOf(holds), holds.map(({ mailed = false }) => mailed)],
  })
}
