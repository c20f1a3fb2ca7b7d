import { createHash, randomBytes } from 'node:crypto'
import type { Database } from './database.ts'
import { ring } from './doorbell.ts'

export const AUTH_METHODS = ['none', 'bearer', 'basic'] as const

export interface ClientAuth {
  readonly method: (typeof AUTH_METHODS)[number]
  readonly token?: string | undefined
  readonly user?: string | undefined
  readonly password?: string | undefined
}

/** How to reach a tenant. */
export interface TenantClient {
  /** Without a trailing slash. */
  readonly baseUrl: string | null
  readonly syncPath: string | null
  readonly attachmentPath: string | null
  readonly auth: ClientAuth | null
  /** The tenant set baseUrl itself, and is not trusted to name private networks. */
  readonly fenced: boolean
}

/** How many messages all accounts of a tenant may send together; null: no limit. */
export interface TenantRateLimits {
  readonly perHour: number | null
  readonly perDay: number | null
}

export const LARGE_FILE_ACTIONS = ['warn', 'reject', 'rewrite'] as const

/** What to do with attachments larger than `maxBytes`. */
export interface LargeFilePolicy {
  readonly maxBytes: number
  /** Send them with a warning in the log, fail the message, or store the file and send a link. */
  readonly action: (typeof LARGE_FILE_ACTIONS)[number]
  /** Base of the links; null: the proxy's own. */
  readonly publicBaseUrl: string | null
  readonly ttlDays: number
}

export interface Tenant {
  readonly id: string
  readonly name: string | null
  readonly active: boolean
  readonly client: TenantClient
  readonly suspendedBatches: readonly string[]
  readonly rateLimits: TenantRateLimits
  /** Null: attachments of any size are attached. */
  readonly largeFiles: LargeFilePolicy | null
}

export type TenantSettings = Omit<Tenant, 'suspendedBatches' | 'id'>

/** When a tenant is called. */
export interface SyncState {
  readonly id: string
  readonly name: string | null
  readonly active: boolean
  readonly baseUrl: string | null
  readonly lastSyncTs: number | null
  readonly nextSyncTs: number
  readonly inDnd: boolean
  readonly failures: number
}

const COLUMNS = `id, name, active, client_base_url AS "baseUrl", client_sync_path AS "syncPath",
  client_attachment_path AS "attachmentPath", client_auth AS auth, client_fenced AS fenced, suspended_batches AS "suspendedBatches",
  limit_per_hour AS "perHour", limit_per_day AS "perDay", large_files AS "largeFiles"`

type Row = Omit<Tenant, 'client' | 'rateLimits'> & TenantClient & TenantRateLimits

/**
 * What failed may be what was set: its back-off does not outlive new settings. Nor does that of a call that is under
 * way with the old ones: -1 tells the end of its turn.
 */
const TRIED_ANEW = `sync_failures = CASE WHEN tenants.sync_claim_until > now() THEN -1 ELSE 0 END,
  next_sync_at = CASE WHEN tenants.sync_failures > 0 THEN least(tenants.next_sync_at, now()) ELSE tenants.next_sync_at END`

export class Tenants {
  readonly #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  /** A new tenant gets a key, shown only this once; an existing one keeps its own. */
  async save(id: string, settings: TenantSettings): Promise<string | undefined> {
    const key = newKey()
    const [row] = await this.#db.rows<{ created: boolean }>({
      text: `INSERT INTO tenants (id, name, active, client_base_url, client_sync_path, client_attachment_path, client_auth,
          client_fenced, limit_per_hour, limit_per_day, large_files, api_key_sha256)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        ON CONFLICT (id) DO UPDATE SET name = excluded.name, active = excluded.active,
          client_base_url = excluded.client_base_url, client_sync_path = excluded.client_sync_path,
          client_attachment_path = excluded.client_attachment_path, client_auth = excluded.client_auth,
          client_fenced = excluded.client_fenced, limit_per_hour = excluded.limit_per_hour,
          limit_per_day = excluded.limit_per_day, large_files = excluded.large_files, ${TRIED_ANEW}
        RETURNING xmax = 0 AS created`,
      values: [id, ...valuesOf(settings), sha256(key)],
    })
    await ring(this.#db, 'sync')
    return row?.created === true ? key : undefined
  }

  /** False when there is no such tenant. */
  async change(id: string, change: (now: TenantSettings) => TenantSettings): Promise<boolean> {
    return this.#db.transaction(async (session) => {
      const [row] = await session.rows<Row>({
        text: `SELECT ${COLUMNS} FROM tenants WHERE id = $1 FOR UPDATE`,
        values: [id],
      })
      if (row === undefined) return false
      await session.rows({
        text: `UPDATE tenants SET name = $2, active = $3, client_base_url = $4, client_sync_path = $5,
          client_attachment_path = $6, client_auth = $7, client_fenced = $8,
          limit_per_hour = $9, limit_per_day = $10, large_files = $11, ${TRIED_ANEW} WHERE id = $1`,
        values: [id, ...valuesOf(change(tenantOf(row)))],
      })
      await ring(session, 'sync')
      return true
    })
  }

  async get(id: string): Promise<Tenant | undefined> {
    const [row] = await this.#db.rows<Row>({
      text: `SELECT ${COLUMNS} FROM tenants WHERE id = $1`,
      values: [id],
    })
    return row === undefined ? undefined : tenantOf(row)
  }

  async list(activeOnly: boolean): Promise<Tenant[]> {
    const text = `SELECT ${COLUMNS} FROM tenants WHERE active OR NOT $1 ORDER BY id`
    return (await this.#db.rows<Row>({ text, values: [activeOnly] })).map(tenantOf)
  }

  /** Removes it with its accounts, its messages and the reports owed to it. */
  async remove(id: string): Promise<boolean> {
    return (
      (await this.#db.rows({ text: 'DELETE FROM tenants WHERE id = $1 RETURNING 1', values: [id] })).length >
      0
    )
  }

  /** Looks up a hash, not the token, so that timing reveals nothing about any token. */
  async ofKey(token: string): Promise<string | undefined> {
    const text = 'SELECT id FROM tenants WHERE api_key_sha256 = $1'
    const [row] = await this.#db.rows<{ id: string }>({
      text,
      values: [sha256(token)],
      name: 'tenant-of-key',
    })
    return row?.id
  }

  async renewKey(id: string): Promise<string | undefined> {
    const key = newKey()
    const text = 'UPDATE tenants SET api_key_sha256 = $2 WHERE id = $1 RETURNING 1'
    return (await this.#db.rows({ text, values: [id, sha256(key)] })).length > 0 ? key : undefined
  }

  async dropKey(id: string): Promise<boolean> {
    const text = 'UPDATE tenants SET api_key_sha256 = NULL WHERE id = $1 RETURNING 1'
    return (await this.#db.rows({ text, values: [id] })).length > 0
  }

  async syncStates(): Promise<SyncState[]> {
    return this.#db.rows<SyncState & { [column: string]: unknown }>({
      text: `SELECT id, name, active, client_base_url AS "baseUrl", in_dnd AND next_sync_at > now() AS "inDnd",
        extract(epoch FROM last_sync_at)::float8 AS "lastSyncTs", extract(epoch FROM next_sync_at)::float8 AS "nextSyncTs",
        greatest(sync_failures, 0) AS failures FROM tenants ORDER BY id`,
    })
  }
}

function tenantOf({
  id,
  name,
  active,
  suspendedBatches,
  baseUrl,
  syncPath,
  attachmentPath,
  auth,
  fenced,
  perHour,
  perDay,
  largeFiles,
}: Row): Tenant {
  const client = { baseUrl, syncPath, attachmentPath, auth, fenced }
  return { id, name, active, suspendedBatches, client, rateLimits: { perHour, perDay }, largeFiles }
}

function valuesOf({ name, active, client, rateLimits, largeFiles }: TenantSettings): unknown[] {
  const auth = client.auth === null ? null : JSON.stringify(client.auth)
  return [
    ...[name, active, client.baseUrl, client.syncPath, client.attachmentPath, auth, client.fenced],
    ...[rateLimits.perHour, rateLimits.perDay, largeFiles === null ? null : JSON.stringify(largeFiles)],
  ]
}

function newKey(): string {
  return `gmp_${randomBytes(32).toString('base64url')}`
}

function sha256(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

export interface Suspension {
  readonly suspendedBatches: readonly string[]
  readonly pendingMessages: number
}

/** All batches of a tenant, and messages without one. */
export const ALL_BATCHES = '*'

/** Suspends or activates a batch, or everything of a tenant; undefined when there is no such tenant. */
export async function setSuspended(
  db: Database,
  tenantId: string,
  batchCode: string,
  suspended: boolean,
): Promise<Suspension | undefined> {
  return db.transaction(async (session) => {
    // Against messages of the batch that are being queued at the same time (intake.ts).
    await session.rows({ text: 'SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', values: [tenantId] })
    const [tenant] = await session.rows<{ batches: string[] }>({
      text: `UPDATE tenants SET suspended_batches = ${suspended ? ADDED : REMOVED} WHERE id = $1
        RETURNING suspended_batches AS batches`,
      values: [tenantId, batchCode],
    })
    if (tenant === undefined) return undefined
    await hold(session, tenantId, batchCode, suspended)
    if (!suspended) await ring(session, 'messages')
    const [count] = await session.rows<{ pending: number }>({
      text: `SELECT count(*)::int AS pending FROM messages WHERE tenant_id = $1 AND state = 'pending'
        AND ($2 = '${ALL_BATCHES}' OR batch_code = $2)`,
      values: [tenantId, batchCode],
    })
    return { suspendedBatches: tenant.batches, pendingMessages: count?.pending ?? 0 }
  })
}

const ADDED = `CASE WHEN $2 = ANY (suspended_batches) THEN suspended_batches ELSE suspended_batches || $2::text END`
/** Activating everything activates each batch too. */
const REMOVED = `CASE WHEN $2 = '${ALL_BATCHES}' THEN '{}' ELSE array_remove(suspended_batches, $2) END`

/** Claims check a tenant's full suspension themselves, so a long queue need not be updated. */
async function hold(
  session: Pick<Database, 'rows'>,
  tenantId: string,
  batchCode: string,
  suspended: boolean,
): Promise<void> {
  if (suspended && batchCode === ALL_BATCHES) return
  await session.rows({
    text: `UPDATE messages SET held = $3 WHERE tenant_id = $1 AND state = 'pending' AND held <> $3
      AND batch_code IS NOT NULL AND ($2 = '${ALL_BATCHES}' OR batch_code = $2)`,
    values: [tenantId, batchCode, suspended],
  })
}
