import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { errorText } from '../../../error.ts'
import type { Log } from '../log.ts'
import { MIGRATIONS } from './migrations.ts'

export interface DatabaseOptions {
  readonly url: string
  readonly connections: number
  /** Called with the error that broke an idle connection; the pool reconnects when needed. */
  readonly onIdleError: (error: Error) => void
}

export interface Query {
  readonly text: string
  readonly values?: readonly unknown[]
  /** Named statements are parsed once per connection. */
  readonly name?: string
}

/** One connection, inside of a transaction. */
export interface Session {
  rows<Row extends pg.QueryResultRow>(query: Query): Promise<Row[]>
}

const CONNECT_WITHIN_MS = 10_000
const DEADLOCK = '40P01'
/**
 * Tries of a statement that PostgreSQL aborted in favour of another (a deadlock), which leaves nothing behind.
 */
const MOST_TRIES = 10
/** An arbitrary number, the same in every version; held by the proxy that migrates. */
const MIGRATION_LOCK = 7_305_021

/** Connections to PostgreSQL. */
export class Database implements Session {
  readonly #pool: pg.Pool

  constructor({ url, connections, onIdleError }: DatabaseOptions) {
    this.#pool = new pg.Pool({
      connectionString: url,
      max: connections,
      connectionTimeoutMillis: CONNECT_WITHIN_MS,
      keepAlive: true,
      application_name: 'mailstorm-proxy',
      // "Queued" and "sent" are promises, even on a server with synchronous_commit off, as in genro's pressure
      // test.
      options: '-c synchronous_commit=on -c timezone=UTC',
    })
    this.#pool.on('error', onIdleError)
  }

  /** Retries after a deadlock: one statement outside of a transaction leaves nothing behind. */
  async rows<Row extends pg.QueryResultRow>(query: Query): Promise<Row[]> {
    for (let tries = 1; ; tries++) {
      try {
        return (await this.#pool.query<Row>(toConfig(query))).rows
      } catch (error) {
        const isDeadlock = error instanceof pg.DatabaseError && error.code === DEADLOCK
        if (!isDeadlock || tries === MOST_TRIES) throw error
      }
    }
  }

  /** Commits everything that `work` did, or nothing. */
  async transaction<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect()
    let broken: Error | undefined
    // The pool handles errors of idle connections only; unhandled, a lost connection would end the process.
    const onLost = (error: Error) => {
      broken = error
    }
    client.on('error', onLost)
    const session: Session = {
      rows: async <Row extends pg.QueryResultRow>(query: Query) =>
        (await client.query<Row>(toConfig(query))).rows,
    }
    try {
      await client.query('BEGIN')
      const value = await work(session)
      await client.query('COMMIT')
      return value
    } catch (error) {
      // A connection that cannot even roll back is not reused.
      await client.query('ROLLBACK').catch((why: Error) => {
        broken = why
      })
      throw error
    } finally {
      client.off('error', onLost)
      client.release(broken)
    }
  }

  /** Updates the schema; any number of proxies may start at once. */
  async migrate(): Promise<void> {
    await this.transaction(async (session) => {
      await session.rows({ text: `SELECT pg_advisory_xact_lock(${MIGRATION_LOCK})` })
      await session.rows({
        text: 'CREATE TABLE IF NOT EXISTS proxy_migrations (version int PRIMARY KEY, at timestamptz NOT NULL DEFAULT now())',
      })
      const done = await session.rows<{ version: number }>({ text: 'SELECT version FROM proxy_migrations' })
      for (const [index, step] of MIGRATIONS.entries()) {
        if (done.some(({ version }) => version === index + 1)) continue
        await session.rows({ text: step })
        await session.rows({
          text: 'INSERT INTO proxy_migrations (version) VALUES ($1)',
          values: [index + 1],
        })
      }
    })
  }

  close(): Promise<void> {
    return this.#pool.end()
  }
}

function toConfig({ text, values, name }: Query): pg.QueryConfig {
  return {
    text,
    ...(values === undefined ? {} : { values: [...values] }),
    ...(name === undefined ? {} : { name }),
  }
}

/**
 * SQLSTATE classes that concern the statement and its values, and would be the same next time: cardinality,
 * data, integrity, syntax and names, features, program limits, errors raised by triggers (PostgreSQL, Appendix
 * A).
 */
const ABOUT_THE_STATEMENT = /^(0A|21|22|23|42|54|P0)/

/**
 * Whether the same statement may succeed later, which is the default: the database was away, read-only (25006,
 * a failover), out of space, or ended the connection. Only errors known to concern the statement are excluded:
 * what must not be lost must not depend on a complete list of connection errors.
 */
export function mayPass(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some(mayPass)
  const { code, message = '' } = error as NodeJS.ErrnoException
  if (error instanceof pg.DatabaseError) return !ABOUT_THE_STATEMENT.test(code ?? '')
  // System errors: ECONNREFUSED, EHOSTUNREACH, EMFILE, …
  if (code !== undefined) return /^E(?!RR_)[A-Z0-9_]+$/.test(code)
  // Errors of pg itself have no code, and neither have our own mistakes.
  return /Connection terminated|timeout exceeded when trying to connect|not queryable|Client has encountered a connection error|Query read timeout/.test(
    message,
  )
}

export interface Persistence {
  /** What waits, for the log. */
  readonly what: string
  readonly log: Log
  /** Stops the retries after the current try, or one more. */
  readonly giveUp: AbortSignal
}

const FIRST_RETRY_MS = 50
const LAST_RETRY_MS = 1_000

/** Retries while the database is away, for information that only this process has. */
export async function persistently<T>(
  work: () => Promise<T>,
  { what, log, giveUp }: Persistence,
): Promise<T> {
  for (let waitMs = FIRST_RETRY_MS; ; waitMs = Math.min(LAST_RETRY_MS, waitMs * 2)) {
    try {
      return await work()
    } catch (error) {
      if (!mayPass(error) || giveUp.aborted) throw error
      log.warning('waiting for the database', { what, error: errorText(error) })
      await delay(waitMs, undefined, { signal: giveUp }).catch(ignore)
    }
  }
}

/** Told to give up while it waited: it tries once more. */
function ignore(): void {}
