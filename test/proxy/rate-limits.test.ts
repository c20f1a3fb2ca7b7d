import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { freePort } from '../../containers/loopback.ts'
import { type Step, say, wait } from '../servers/script.ts'
import { ScriptedServer } from '../servers/scripted-server.ts'
import type { ApiClient } from './api-client.ts'
import { freshDatabases } from './databases.ts'
import { query } from './new-database.ts'
import { enqueue, messages, Rig, setUp } from './rig.ts'

const freshDatabase = freshDatabases()
const patience = { timeout: 30_000, interval: 50 }
const quick = { syncIntervalMs: 50, retryDelaysMs: [50, 50, 50], sendLoopIntervalMs: 50 }
const LIMIT = 5

/** The most of these times that one window of this length has, wherever it begins. */
function mostInWindow(timesMs: readonly number[], windowMs: number): number {
  return Math.max(
    0,
    ...timesMs.map((from) => timesMs.filter((at) => at >= from && at < from + windowMs).length),
  )
}

/** Nothing is left that could be sent now: all waits for a known time. */
async function allWait(api: ApiClient): Promise<void> {
  const states = async () => {
    const { body } = await api.get('/messages?tenant_id=t&active_only=true')
    return new Set((body.messages as { state: string }[]).map(({ state }) => state))
  }
  await expect.poll(states, patience).toEqual(new Set(['deferred']))
  // Longer than all delays and intervals: what could still go out goes out.
  await delay(1_500)
  await expect.poll(states, patience).toEqual(new Set(['deferred']))
}

/** What one of several recipients hears. */
const taken = [say('250 ok')]
const later = [say('451 4.2.0 later')]

test.each<[string, object, object]>([
  ['every message is taken', {}, {}],
  [
    'every message is taken for some recipients only',
    { rcpt: { first: Array.from({ length: 40 }, (_, n) => (n % 2 === 0 ? taken : later)) } },
    { to: ['a@x.test', 'b@x.test'] },
  ],
  ['every message is refused after its data', { dot: [say('451 4.3.0 busy')] }, {}],
  ['every MAIL is refused', { mail: [say('450 4.7.1 slowly')] }, {}],
])(
  'begins no more transactions in a minute than an account may, over two proxies, when %s',
  async (_what, script, change) => {
    await using rig = new Rig(await freshDatabase())
    const server = rig.use(await ScriptedServer.start(script))
    const { api } = await rig.proxy(quick)
    await rig.proxy(quick)
    await setUp(api, { smtpPort: server.port, account: { limit_per_minute: LIMIT } })
    await enqueue(api, messages(16, change))
    await allWait(api)
    expect(mostInWindow(server.mailTimesMs, 60_000)).toBe(LIMIT)
  },
)

test('counts a transaction from its MAIL on, however long its attachments took', {
  tags: 'long',
}, async () => {
  await using rig = new Rig(await freshDatabase())
  const [server, tenant] = [rig.use(await ScriptedServer.start()), await rig.tenant()]
  tenant.files = (_, response) => void setTimeout(() => response.end('content'), 2_000)
  const { api } = await rig.proxy(quick)
  await setUp(api, { tenantUrl: tenant.url, smtpPort: server.port, account: { limit_per_minute: LIMIT } })
  await enqueue(api, messages(9, { attachments: [{ filename: 'a', storage_path: 'slow' }] }))
  await expect.poll(() => server.mailTimesMs.length, patience).toBe(LIMIT)
  const slots = () =>
    query(
      rig.databaseUrl,
      'SELECT (extract(epoch FROM taken_at) * 1000)::float8 AS at FROM rate_slots WHERE mailed ORDER BY 1',
    )
  await expect.poll(async () => (await slots()).length, patience).toBe(LIMIT)
  // Were a slot older than its MAIL, it would leave its window before the MAIL leaves the server's.
  const times = (await slots()).map(({ at }) => at as number)
  for (const [index, mailAtMs] of server.mailTimesMs.entries())
    expect(times[index]).toBeGreaterThanOrEqual(mailAtMs)
  await allWait(api)
  expect(server.mailTimesMs).toHaveLength(LIMIT)
})

test('goes on at once when what had reserved the slots could not be sent', async () => {
  await using rig = new Rig(await freshDatabase())
  const tenant = await rig.tenant()
  const { api } = await rig.proxy({ ...quick, retryDelaysMs: [100, 3_600_000] })
  // Nobody listens there: no MAIL goes out.
  await setUp(api, {
    tenantUrl: tenant.url,
    smtpPort: await freePort(),
    account: { limit_per_minute: LIMIT },
  })
  await enqueue(api, messages(3 * LIMIT))
  await expect.poll(() => new Set(tenant.idsOf('deferred_ts')).size, patience).toBe(3 * LIMIT)
  await expect
    .poll(
      () => query(rig.databaseUrl, 'SELECT count(*)::int AS n FROM messages WHERE attempts >= 2'),
      patience,
    )
    .toEqual([{ n: 3 * LIMIT }])
  expect(tenant.reports.filter(({ deferred_reason: reason }) => reason === 'rate limit')).toEqual([])
  expect(await query(rig.databaseUrl, 'SELECT count(*)::int AS n FROM rate_slots')).toEqual([{ n: 0 }])
})

test('counts every transaction of a message that needs several', { tags: 'long' }, async () => {
  await using rig = new Rig(await freshDatabase())
  const tooMany: Step[] = [say('452 4.5.3 too many recipients')]
  const rcpt = { first: [taken, taken, tooMany, tooMany, tooMany, tooMany] }
  const [server, tenant] = [
    rig.use(await ScriptedServer.start({ rcpt, dot: [wait(20), say('250 ok')] })),
    await rig.tenant(),
  ]
  const { api } = await rig.proxy(quick)
  await setUp(api, { tenantUrl: tenant.url, smtpPort: server.port, account: { limit_per_minute: 2 } })
  await enqueue(api, messages(1, { to: Array.from({ length: 6 }, (_, n) => `u${n}@x.test`) }))
  await expect.poll(() => tenant.reports.at(-1)?.deferred_reason, patience).toBe('rate limit')
  expect(server.mailTimesMs).toHaveLength(2)
  expect(tenant.reports).toHaveLength(1)
})
