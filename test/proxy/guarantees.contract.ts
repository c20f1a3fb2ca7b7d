import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RunningMailhog } from '../../containers/mailhog.ts'
import type { RunningPostgres } from '../../containers/postgres/postgres.ts'
import { embeddedProxy, type RunningProxyService } from '../../containers/proxy.ts'
import { IDENTITY_HEADER } from '../../src/programs/proxy/dispatch/compose.ts'
import { ApiClient } from './api-client.ts'
import { newDatabase, query } from './new-database.ts'
import { ADMIN_TOKEN, enqueue, messages, setUp } from './rig.ts'
import { TenantServer } from './tenant-server.ts'

export interface Parts {
  /** As `embedded PostgreSQL and sink`. */
  readonly name: string
  startPostgres(): Promise<RunningPostgres>
  startMailhog(): Promise<RunningMailhog>
  /** Why they cannot be had here. */
  readonly skipAll?: string
}

const MESSAGES = 5_000
const POOL_SIZE = 20
const LEASE_S = 2
const limit = { timeout: 120_000 }
const patience = { timeout: 60_000, interval: 100 }

/** What several proxies as processes, PostgreSQL and a MailHog have to guarantee together, whatever way they are booted. */
export function testGuarantees({ name, startPostgres, startMailhog, skipAll }: Parts): void {
  describe.skipIf(skipAll !== undefined)(`${name}${skipAll === undefined ? '' : ` (${skipAll})`}`, () => {
    let postgres: RunningPostgres
    beforeAll(async () => {
      postgres = await startPostgres()
    })
    afterAll(() => postgres?.stop())

    async function scene(proxyCount: number, more: Record<string, string> = {}): Promise<Scene> {
      const parts = new AsyncDisposableStack()
      const databaseUrl = await newDatabase(postgres.url)
      const [mailhog, tenant] = [parts.use(await startMailhog()), parts.use(await TenantServer.start())]
      const environment = {
        GMP_POOL_SIZE: String(POOL_SIZE),
        GMP_LEASE: String(LEASE_S),
        GMP_SYNC_INTERVAL: '0.5',
        ...more,
      }
      const proxies: RunningProxyService[] = []
      for (let n = 1; n <= proxyCount; n++) {
        const service = embeddedProxy({ name: `proxy-${n}`, databaseUrl, apiToken: ADMIN_TOKEN, environment })
        proxies.push(parts.use(await service.start()))
      }
      const api = new ApiClient(proxies[0]?.url ?? '', ADMIN_TOKEN)
      await setUp(api, { tenantUrl: tenant.url, smtpPort: mailhog.smtpPort })
      return { databaseUrl, mailhog, tenant, proxies, api, [Symbol.asyncDispose]: () => parts.disposeAsync() }
    }

    for (const [proxyCount, count, tags] of [
      [1, 1_000, []],
      [1, MESSAGES, ['long']],
      [3, MESSAGES, ['long']],
    ] as const) {
      test(`delivers each of ${count} messages exactly once with ${proxyCount} on one database`, {
        ...limit,
        tags: [...tags],
      }, async () => {
        await using on = await scene(proxyCount)
        await enqueue(on.api, messages(count))
        await on.mailhog.client.waitForCount(count, 60_000)
        await allReported(on, count)
        expect(await timesDelivered(on.mailhog)).toEqual(new Map([[1, count]]))
        expect(on.tenant.reports).toHaveLength(count)
        const shares = await Promise.all(
          on.proxies.map(({ url }) => new ApiClient(url).metric('gmp_sent_total')),
        )
        expect(Math.min(...shares)).toBeGreaterThan(0)
      })
    }

    test('loses nothing when a proxy is killed, and sends at most what it had in flight twice', {
      ...limit,
      tags: 'long',
    }, async ({ annotate }) => {
      await using on = await scene(3)
      await enqueue(on.api, messages(MESSAGES))
      await expect.poll(() => on.mailhog.client.count(), patience).toBeGreaterThan(MESSAGES / 10)
      await kill(on.proxies[1])
      await allReported(on, MESSAGES)
      const twice = deliveredTwice(await timesDelivered(on.mailhog))
      await annotate(
        `killed at any moment: ${twice} of ${MESSAGES} delivered twice; the bound is ${POOL_SIZE}`,
      )
      expect(twice).toBeLessThanOrEqual(POOL_SIZE)
    })

    test('stays within that bound at the worst moment: all it had in flight was sent, none of it written down', {
      ...limit,
      tags: 'long',
    }, async ({ annotate }) => {
      await using on = await scene(3, { GMP_LEASE: '10' })
      await using lock = await lockedOutcomes(on.databaseUrl)
      await enqueue(on.api, messages(MESSAGES))
      await lock.begin()
      await settled(on.mailhog)
      await kill(on.proxies[1])
      await lock.end()
      await allReported(on, MESSAGES)
      const twice = deliveredTwice(await timesDelivered(on.mailhog))
      await annotate(
        `killed at the worst moment: ${twice} of ${MESSAGES} delivered twice; the bound is ${POOL_SIZE}`,
      )
      expect(twice).toBeGreaterThan(0)
      expect(twice).toBeLessThanOrEqual(POOL_SIZE)
    })
  })
}

async function kill(proxy: RunningProxyService | undefined): Promise<void> {
  if (proxy === undefined) throw new Error('there is no such proxy')
  process.kill(proxy.pid, 'SIGKILL')
  await proxy.ended
}

/** Nobody can write outcomes, or claim, from begin() to end(). */
async function lockedOutcomes(databaseUrl: string) {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  return {
    begin: async () => {
      await client.query('BEGIN')
      // Reading goes on, for the proxies' API.
      await client.query('LOCK TABLE messages IN EXCLUSIVE MODE')
    },
    end: () => client.query('COMMIT'),
    [Symbol.asyncDispose]: () => client.end(),
  }
}

/** Nothing arrives any more. */
async function settled({ client }: RunningMailhog): Promise<void> {
  let before = -1
  const isSame = async () => {
    const count = await client.count()
    const same = count === before
    before = count
    return same
  }
  await expect.poll(isSame, { timeout: 30_000, interval: 300 }).toBe(true)
}

/** More than twice is never right. */
function deliveredTwice(times: ReadonlyMap<number, number>): number {
  const twice = times.get(2) ?? 0
  expect(Object.fromEntries(times)).toEqual({ 1: MESSAGES - twice, ...(twice === 0 ? {} : { 2: twice }) })
  return twice
}

interface Scene extends AsyncDisposable {
  readonly databaseUrl: string
  readonly mailhog: RunningMailhog
  readonly tenant: TenantServer
  readonly proxies: readonly RunningProxyService[]
  readonly api: ApiClient
}

/** Every outcome was told to the tenant, and that is written down. */
async function allReported({ tenant, databaseUrl }: Scene, count: number): Promise<void> {
  await expect.poll(() => new Set(tenant.idsOf('sent_ts')).size, patience).toBe(count)
  const owed = () =>
    query(databaseUrl, 'SELECT count(*)::int AS n FROM message_events WHERE reported_at IS NULL')
  await expect.poll(owed, patience).toEqual([{ n: 0 }])
  expect(await query(databaseUrl, 'SELECT state, count(*)::int AS n FROM messages GROUP BY state')).toEqual([
    { state: 'sent', n: count },
  ])
}

/** How many messages were delivered so many times. */
async function timesDelivered(mailhog: RunningMailhog): Promise<Map<number, number>> {
  const byId = new Map<string, number>()
  for await (const message of mailhog.client.messages()) {
    // MailHog shows names as it finds them; RFC 5322 1.2.2 has them without case.
    const headers = Object.entries(message.Content.Headers).map(
      ([key, value]) => [key.toLowerCase(), value] as const,
    )
    const id = Object.fromEntries(headers)[IDENTITY_HEADER.toLowerCase()]?.[0] ?? '?'
    byId.set(id, (byId.get(id) ?? 0) + 1)
  }
  const times = new Map<number, number>()
  for (const count of byId.values()) times.set(count, (times.get(count) ?? 0) + 1)
  return times
}
