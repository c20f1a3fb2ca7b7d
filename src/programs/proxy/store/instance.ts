import type { Session } from './database.ts'

/** Settings shared by the proxies of a database, with the API's names, which are those of genro-mail-proxy. */
export interface InstanceSettings {
  readonly name?: string | null | undefined
  readonly bounce_enabled?: boolean | null | undefined
  readonly bounce_imap_host?: string | null | undefined
  readonly bounce_imap_port?: number | null | undefined
  readonly bounce_imap_user?: string | null | undefined
  readonly bounce_imap_password?: string | null | undefined
  readonly bounce_imap_folder?: string | null | undefined
  readonly bounce_imap_ssl?: boolean | null | undefined
  /** Seconds. */
  readonly bounce_poll_interval?: number | null | undefined
  readonly bounce_return_path?: string | null | undefined
}

export interface Instance extends InstanceSettings {
  /** Seconds since 1970. */
  readonly created_at: number
  readonly updated_at: number
}

interface Row {
  readonly [column: string]: unknown
  readonly settings: InstanceSettings
  readonly created_at: number
  readonly updated_at: number
}

export async function readInstance(session: Session): Promise<Instance> {
  const [row] = await session.rows<Row>({
    text: `SELECT settings, extract(epoch FROM created_at)::float8 AS created_at,
        extract(epoch FROM updated_at)::float8 AS updated_at FROM instance`,
  })
  const { settings, created_at, updated_at } = row as Row
  return { ...settings, created_at, updated_at }
}

/** Absent fields stay, null clears. */
export async function changeInstance(session: Session, change: InstanceSettings): Promise<void> {
  await session.rows({
    text: 'UPDATE instance SET settings = jsonb_strip_nulls(settings || $1::jsonb), updated_at = now()',
    values: [JSON.stringify(change)],
  })
}

/** An API call that may have changed something. */
export interface LoggedCommand {
  /** When it was answered, in seconds since 1970; concurrent calls are logged in any order. */
  readonly atTs: number
  /** Such as `POST /commands/add-messages`. */
  readonly endpoint: string
  readonly tenantId: string | undefined
  /** JSON, without secrets. */
  readonly payload: string
  /** Whether the payload was too large to keep. */
  readonly cut: boolean
  readonly responseStatus: number
  readonly responseBody: string
}

export interface CommandFilter {
  readonly tenantId?: string | undefined
  readonly sinceTs?: number | undefined
  readonly untilTs?: number | undefined
  /** Part of the endpoint. */
  readonly endpoint?: string | undefined
  readonly limit: number
}

export interface CommandRow {
  readonly [column: string]: unknown
  readonly id: string
  /** Seconds since 1970. */
  readonly command_ts: number
  readonly endpoint: string
  readonly tenant_id: string | null
  readonly payload: string
  readonly cut: boolean
  readonly response_status: number
  readonly response_body: string | null
}

export async function logCommand(session: Session, command: LoggedCommand): Promise<void> {
  const { atTs, endpoint, tenantId, payload, cut, responseStatus, responseBody } = command
  await session.rows({
    text: `INSERT INTO command_log (at, endpoint, tenant_id, payload, cut, response_status, response_body)
      VALUES (to_timestamp($7), $1, $2, $3, $4, $5, $6)`,
    values: [endpoint, tenantId ?? null, payload, cut, responseStatus, responseBody, atTs],
    name: 'log-command',
  })
}

/** Newest first. */
export async function listCommands(session: Session, filter: CommandFilter): Promise<CommandRow[]> {
  const { tenantId, sinceTs, untilTs, endpoint, limit } = filter
  return session.rows<CommandRow>({
    text: `SELECT id, extract(epoch FROM at)::float8 AS command_ts, endpoint, tenant_id, payload, cut, response_status, response_body
      FROM command_log WHERE ($1::text IS NULL OR tenant_id = $1) AND ($2::float8 IS NULL OR at >= to_timestamp($2))
        AND ($3::float8 IS NULL OR at <= to_timestamp($3)) AND ($4::text IS NULL OR strpos(endpoint, $4) > 0)
      ORDER BY at DESC, id DESC LIMIT $5`,
    values: [tenantId ?? null, sinceTs ?? null, untilTs ?? null, endpoint ?? null, limit],
  })
}

export async function forgetCommands(session: Session, olderThanMs: number): Promise<void> {
  await session.rows({
    text: `DELETE FROM command_log WHERE at < now() - $1::float8 * interval '1 ms'`,
    values: [olderThanMs],
  })
}
