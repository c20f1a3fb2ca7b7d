import pg from 'pg'
import { errorText } from '../../error.ts'
import type { PressPlan, RunEvents } from '../parts.ts'

/** What a database does to its clients when it restarts, or when a standby takes over. */
export interface FailoverPlan {
  /** Ends all connections, several times. */
  readonly endings: {
    /** The first time, in seconds after the first sync call. */
    readonly fromSecond: number
    /** Time between two, in seconds. */
    readonly everySeconds: number
    /** How many times. */
    readonly times: number
  }
  /** New connections refuse every write, like a standby that has not been promoted yet. */
  readonly readOnly: {
    /** Start, in seconds after the first sync call. */
    readonly fromSecond: number
    /** End, in seconds after the first sync call. */
    readonly untilSecond: number
  }
}

/**
 * Ends the connections to one database and makes it read-only, from its own session; other databases are
 * spared.
 */
export class DatabaseFailover implements AsyncDisposable {
  readonly #client: pg.Client
  readonly #name: string
  #isReadOnly = false

  static async open(databaseUrl: string): Promise<DatabaseFailover> {
    const client = new pg.Client({ connectionString: databaseUrl, application_name: 'mailstorm-failover' })
    // The server itself may go away; the next query reports that.
    client.on('error', () => {})
    await client.connect()
    const { rows } = await client.query<{ name: string }>('SELECT quote_ident(current_database()) AS name')
    return new DatabaseFailover(client, rows[0]?.name ?? '')
  }

  private constructor(client: pg.Client, name: string) {
    this.#client = client
    this.#name = name
  }

  acts({ endings, readOnly }: FailoverPlan, events: RunEvents): PressPlan['acts'] {
    const noted = (doing: () => Promise<string>) => () =>
      void doing().then(
        (what) => events.add(what),
        (error) => events.add(`the database could not be made to fail: ${errorText(error)}`),
      )
    const end = async () => `${await this.#endConnections()} connections to the database were ended`
    return [
      ...Array.from({ length: endings.times }, (_, n) => ({
        atMs: (endings.fromSecond + n * endings.everySeconds) * 1000,
        act: noted(end),
      })),
      {
        atMs: readOnly.fromSecond * 1000,
        act: noted(async () => {
          await this.#setReadOnly(true)
          return `the database takes no writes; ${await end()}`
        }),
      },
      {
        atMs: readOnly.untilSecond * 1000,
        act: noted(async () => {
          await this.#setReadOnly(false)
          return `the database takes writes again; ${await end()}`
        }),
      },
    ]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      if (this.#isReadOnly) await this.#setReadOnly(false)
    } finally {
      await this.#client.end()
    }
  }

  async #endConnections(): Promise<number> {
    const { rows } = await this.#client.query<{ ended: number }>(
      `SELECT count(*) FILTER (WHERE pg_terminate_backend(pid))::int AS ended FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'`,
    )
    return rows[0]?.ended ?? 0
  }

  /** Applies to sessions that begin from now on; this one keeps its own setting. */
  async #setReadOnly(on: boolean): Promise<void> {
    this.#isReadOnly = on
    const what = on ? 'SET default_transaction_read_only = on' : 'RESET default_transaction_read_only'
    await this.#client.query(`ALTER DATABASE ${this.#name} ${what}`)
  }
}
