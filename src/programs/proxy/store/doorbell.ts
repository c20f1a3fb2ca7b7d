import pg from 'pg'
import type { Session } from './database.ts'

/** What a proxy can be woken for. */
export const BELLS = ['messages', 'sync'] as const
export type Bell = (typeof BELLS)[number]

const channelOf = (bell: Bell) => `proxy_${bell}`
const RECONNECT_AFTER_MS = 500

/** Wakes every proxy on this database once this session's transaction is committed. */
export async function ring(session: Session, bell: Bell): Promise<void> {
  await session.rows({ text: 'SELECT pg_notify($1, $2)', values: [channelOf(bell), ''], name: 'ring' })
}

/**
 * Listens for wake-ups from other proxies on the database. Those sent while the connection is down are missed:
 * the loops' intervals make up for it, and a new connection wakes everything once.
 */
export class Doorbell {
  readonly #url: string
  readonly #heard: (bell: Bell) => void
  #client: pg.Client | undefined
  #retry: NodeJS.Timeout | undefined
  #closed = false

  constructor(url: string, heard: (bell: Bell) => void) {
    this.#url = url
    this.#heard = heard
  }

  async open(): Promise<void> {
    const client = new pg.Client({
      connectionString: this.#url,
      keepAlive: true,
      application_name: 'mailstorm-doorbell',
    })
    client.on('error', () => this.#lost(client))
    client.on('end', () => this.#lost(client))
    client.on('notification', ({ channel }) => {
      const bell = BELLS.find((known) => channelOf(known) === channel)
      if (bell !== undefined) this.#heard(bell)
    })
    this.#client = client
    await client.connect()
    for (const bell of BELLS) await client.query(`LISTEN ${channelOf(bell)}`)
    for (const bell of BELLS) this.#heard(bell)
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#retry)
    await this.#client?.end().catch(ignore)
  }

  #lost(client: pg.Client): void {
    if (this.#closed || this.#client !== client) return
    this.#client = undefined
    client.end().catch(ignore)
    this.#retry = setTimeout(() => {
      this.open().catch(() => this.#retryLater())
    }, RECONNECT_AFTER_MS)
  }

  #retryLater(): void {
    const client = this.#client
    if (client !== undefined) this.#lost(client)
  }
}

/** The connection is gone anyway. */
function ignore(): void {}
