import type { Session } from './database.ts'

/** What the proxies of one database share, as the API shows and takes it; the names are those of the real one. */
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

/** What is absent stays, null clears. */
export async function changeInstance(session: Session, change: InstanceSettings): Promise<void> {
  await session.rows({
    text: 'UPDATE instance SET settings = jsonb_strip_nulls(settings || $1::jsonb), updated_at = now()',
    values: [JSON.stringify(change)],
  })
}
