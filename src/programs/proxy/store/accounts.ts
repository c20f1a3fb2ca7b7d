import type { Database } from './database.ts'
import { ring } from './doorbell.ts'
import { ACCOUNT_DELETED } from './outcomes.ts'

export const TLS_KINDS = ['none', 'starttls', 'implicit'] as const
export type TlsKind = (typeof TLS_KINDS)[number]

/** Where an account's mail goes. */
export interface SmtpServer {
  readonly host: string
  readonly port: number
  readonly user: string | null
  readonly password: string | null
  readonly tls: TlsKind
  /** Set by the tenant itself, which is not trusted to name private networks. */
  readonly fenced: boolean
}

/** How many messages an account may send; null: no limit. */
export interface RateLimits {
  readonly perMinute: number | null
  readonly perHour: number | null
  readonly perDay: number | null
}

export const LIMIT_BEHAVIORS = ['defer', 'reject'] as const

export interface Account {
  readonly tenantId: string
  readonly id: string
  readonly server: SmtpServer
  readonly batchSize: number | null
  readonly limits: RateLimits
  readonly limitBehavior: (typeof LIMIT_BEHAVIORS)[number]
}

interface Row {
  readonly [column: string]: unknown
  readonly json: Account
}

/** As an object; the password is left out when shown. */
const AS_JSON = `json_build_object('tenantId', tenant_id, 'id', id,
  'server', json_build_object('host', host, 'port', port, 'user', user_name, 'password', NULL, 'tls', tls, 'fenced', fenced),
  'batchSize', batch_size, 'limitBehavior', limit_behavior,
  'limits', json_build_object('perMinute', limit_per_minute, 'perHour', limit_per_hour, 'perDay', limit_per_day)) AS json`

export class Accounts {
  readonly #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  /** False when there is no such tenant. */
  async save({ tenantId, id, server, batchSize, limits, limitBehavior }: Account): Promise<boolean> {
    const saved = await this.#db.rows({
      text: `INSERT INTO accounts (tenant_id, id, host, port, user_name, password, tls, batch_size,
          limit_per_minute, limit_per_hour, limit_per_day, limit_behavior, fenced)
        SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13 WHERE EXISTS (SELECT 1 FROM tenants WHERE id = $1)
        ON CONFLICT (tenant_id, id) DO UPDATE SET host = excluded.host, port = excluded.port,
          user_name = excluded.user_name, password = excluded.password, tls = excluded.tls,
          batch_size = excluded.batch_size, limit_per_minute = excluded.limit_per_minute,
          limit_per_hour = excluded.limit_per_hour, limit_per_day = excluded.limit_per_day,
          limit_behavior = excluded.limit_behavior, fenced = excluded.fenced, blocked_until = NULL, updated_at = now()
        RETURNING 1`,
      values: [
        ...[tenantId, id, server.host, server.port, server.user, server.password, server.tls, batchSize],
        ...[limits.perMinute, limits.perHour, limits.perDay, limitBehavior, server.fenced],
      ],
    })
    // Its tenant may be called from now on.
    await ring(this.#db, 'sync')
    return saved.length > 0
  }

  async list(tenantId: string): Promise<Account[]> {
    const text = `SELECT ${AS_JSON} FROM accounts WHERE tenant_id = $1 ORDER BY id`
    return (await this.#db.rows<Row>({ text, values: [tenantId] })).map(({ json }) => json)
  }

  /**
   * Waiting messages are not deleted silently, as in genro-mail-proxy, but end as an error that is reported. What
   * a proxy is sending at the moment is sent, and its outcome reported (outcomes.ts).
   */
  async remove(tenantId: string, id: string): Promise<boolean> {
    const [row] = await this.#db.rows<{ removed: boolean }>({
      text: `WITH gone AS (DELETE FROM accounts WHERE tenant_id = $1 AND id = $2 RETURNING 1),
        ${failed('m.tenant_id = $1 AND m.account_id = $2')}
        SELECT EXISTS (SELECT 1 FROM gone) AS removed`,
      values: [tenantId, id],
    })
    return row?.removed === true
  }
}

/** Statement parts that end messages without an account, unless a proxy is working on them. */
function failed(where: string): string {
  return `failed AS (
      UPDATE messages m SET state = 'error', error = '${ACCOUNT_DELETED}', claim = NULL, done_at = now(), updated_at = now()
      WHERE ${where} AND m.state = 'pending' AND (m.claim IS NULL OR m.available_at <= now())
      RETURNING m.pk, m.tenant_id, m.id
    ),
    told AS (
      INSERT INTO message_events (tenant_id, message_pk, message_id, type, description)
      SELECT tenant_id, pk, id, 'error', '${ACCOUNT_DELETED}' FROM failed
    )`
}

/**
 * Ends messages that a proxy was working on when their account was deleted, and that never had an outcome.
 * Returns their number.
 */
export async function failOrphans(db: Database): Promise<number> {
  const [row] = await db.rows<{ failed: number }>({
    // One index probe per account with mail, as in a claim.
    text: `WITH RECURSIVE lane AS (
        (SELECT tenant_id, account_id FROM messages WHERE state = 'pending' AND NOT held
          ORDER BY tenant_id, account_id LIMIT 1)
        UNION ALL
        SELECT n.tenant_id, n.account_id FROM lane l CROSS JOIN LATERAL (
          SELECT m.tenant_id, m.account_id FROM messages m
          WHERE m.state = 'pending' AND NOT m.held AND (m.tenant_id, m.account_id) > (l.tenant_id, l.account_id)
          ORDER BY m.tenant_id, m.account_id LIMIT 1
        ) n
      ),
      orphaned AS (
        SELECT l.* FROM lane l WHERE NOT EXISTS (
          SELECT 1 FROM accounts a WHERE a.tenant_id = l.tenant_id AND a.id = l.account_id
        )
      ),
      ${failed('(m.tenant_id, m.account_id) IN (SELECT tenant_id, account_id FROM orphaned)')}
      SELECT count(*)::int AS failed FROM failed`,
  })
  return row?.failed ?? 0
}
