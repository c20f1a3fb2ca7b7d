import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { say, wait } from '../servers/script.ts'
import { ScriptedServer } from '../servers/scripted-server.ts'
import { freshDatabases } from './databases.ts'
import { query } from './new-database.ts'
import { RestartablePostgres } from './restartable-postgres.ts'
import { deliveries, enqueue, messages, Rig, setUp } from './rig.ts'

const freshDatabase = freshDatabases()
const patience = { timeout: 60_000, interval: 50 }
const soon = { timeout: 30_000, interval: 20 }
const STORM_MS = 10_000
const POOL_SIZE = 20

test('three proxies outlive a storm that ends all their database connections, every 200 ms for 10 s', {
  tags: 'long',
  timeout: 120_000,
}, async ({ annotate }) => {
  await using rig = new Rig(await freshDatabase())
  const [sink, tenant] = [await rig.sink(), await rig.tenant()]
  const options = { syncIntervalMs: 200, leaseMs: 3_000, sendLoopIntervalMs: 100, poolSize: POOL_SIZE }
  const proxies = [await rig.proxy(options), await rig.proxy(options), await rig.proxy(options)]
  const [{ api }] = proxies as [(typeof proxies)[0]]
  await setUp(api, { tenantUrl: tenant.url, smtpPort: sink.smtpPort })
  let queued = 0
  const untilMs = performance.now() + STORM_MS
  while (performance.now() < untilMs) {
    await query(
      rig.databaseUrl,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    )
    // Load beside it: what the API does not confirm may be handed over again, under the same ids.
    const batch = messages(50).map((message, n) => ({ ...message, id: `m${queued + n}` }))
    const { status } = await api.post('/commands/add-messages', { messages: batch })
    expect([200, 400, 503]).toContain(status)
    if (status !== 503) queued += 50
    await delay(200)
  }
  await enqueue(
    api,
    messages(100, {}).map((message, n) => ({ ...message, id: `after-${n}` })),
  )
  queued += 100
  for (const { api: one } of proxies) expect(await one.get('/status')).toMatchObject({ status: 200 })
  await expect
    .poll(
      async () =>
        (await query(rig.databaseUrl, "SELECT count(*)::int AS n FROM messages WHERE state = 'pending'"))[0]
          ?.n,
      patience,
    )
    .toBe(0)
  await expect.poll(() => new Set(tenant.idsOf('sent_ts')).size, patience).toBeGreaterThanOrEqual(queued)
  const counts = [...(await deliveries(sink)).values()]
  const twice = counts.filter((count) => count > 1).length
  await annotate(`${queued} queued, ${twice} delivered twice`)
  expect(counts.length).toBeGreaterThanOrEqual(queued)
  expect(twice).toBeLessThanOrEqual(POOL_SIZE)
})

test('a database that takes no writes for a while is waited for: 503, and nothing is sent twice', {
  tags: 'long',
  timeout: 90_000,
}, async () => {
  await using postgres = await RestartablePostgres.start()
  await using rig = new Rig(postgres.url)
  const [sink, tenant] = [await rig.sink(), await rig.tenant()]
  const { api } = await rig.proxy({ syncIntervalMs: 200, leaseMs: 5_000, sendLoopIntervalMs: 50 })
  await setUp(api, { tenantUrl: tenant.url, smtpPort: sink.smtpPort })
  const readOnly = async (on: boolean) => {
    await query(postgres.url, `ALTER SYSTEM SET default_transaction_read_only = ${on ? 'on' : 'off'}`)
    await query(postgres.url, 'SELECT pg_reload_conf()')
  }
  await enqueue(api, messages(2_000))
  await expect.poll(() => sink.client.count(), patience).toBeGreaterThan(100)
  await readOnly(true)
  const refused = () => api.post('/commands/add-messages', { messages: messages(1, { id: 'during' }) })
  await expect.poll(async () => (await refused()).status, soon).toBe(503)
  // The failover itself: shorter than a lease, longer than all that was in flight.
  await delay(2_000)
  await readOnly(false)
  await expect.poll(() => new Set(tenant.idsOf('sent_ts')).size, patience).toBeGreaterThanOrEqual(2_000)
  expect([...(await deliveries(sink)).values()].filter((count) => count > 1)).toEqual([])
})

test('refuses ids with lone surrogates alone, in a call and in the answer to a sync', async () => {
  await using rig = new Rig(await freshDatabase())
  const [sink, tenant] = [await rig.sink(), await rig.tenant()]
  const good = messages(3)
  const bad = ['\ud800', '\udfff', 'a\ud800b'].map((id) => ({ ...messages(1)[0], id }))
  const [fromCall, fromSync] = [good.slice(0, 1), good.slice(1)]
  tenant.answers.push({ ok: true, messages: [...bad, ...fromSync] })
  const { api } = await rig.proxy({ syncIntervalMs: 100 })
  await setUp(api, { tenantUrl: tenant.url, smtpPort: sink.smtpPort })
  const { status, body } = await api.post('/commands/add-messages', { messages: [...bad, ...fromCall] })
  expect([status, body.queued]).toEqual([200, 1])
  const rejected = body.rejected as readonly { reason: string }[]
  expect(rejected.map(({ reason }) => reason)).toEqual(
    Array(3).fill(expect.stringContaining('lone surrogates')),
  )
  await expect.poll(() => new Set(tenant.idsOf('sent_ts')).size, soon).toBe(3)
})

test('a message that the database refuses is refused alone, and what the tenant acknowledged stays so', async () => {
  await using rig = new Rig(await freshDatabase())
  const [sink, tenant] = [await rig.sink(), await rig.tenant()]
  const { api } = await rig.proxy({ syncIntervalMs: 100 })
  // As somebody's trigger or a full tablespace would: of no kind that the intake knows.
  await query(rig.databaseUrl, "ALTER TABLE messages ADD CHECK (id NOT LIKE '%-000001')")
  await setUp(api, { tenantUrl: tenant.url, smtpPort: sink.smtpPort })
  await enqueue(api, messages(1))
  await expect.poll(() => tenant.idsOf('sent_ts'), soon).toEqual(['t-000000'])
  tenant.answers.push({ ok: true, messages: messages(4).slice(1) })
  await expect.poll(() => new Set(tenant.idsOf('sent_ts')).size, soon).toBe(3)
  expect(await api.metric('gmp_sync_messages_total', 'result="rejected"')).toBe(1)
  expect(tenant.idsOf('sent_ts').filter((id) => id === 't-000000')).toHaveLength(1)
})

test.each([
  ['/commands/cleanup-messages?tenant_id=t', { older_than_seconds: 1e12 }],
  ['/commands/delete-messages?tenant_id=t', { ids: ['a\0b'] }],
  ['/commands/delete-messages?tenant_id=t', { ids: ['\ud800'] }],
  ['/commands/suspend?tenant_id=t', { batch_code: '\udc00' }],
  ['/tenant', { id: '\ud800' }],
])('what the caller did wrong at %s is no fault of the server', async (path, body) => {
  await using rig = new Rig(await freshDatabase())
  const { api } = await rig.proxy()
  await setUp(api, { smtpPort: 25 })
  expect(await api.post(path, body)).toMatchObject({ status: 422 })
})

test('gives messages back at once when the slots of their limits cannot be asked for', async () => {
  await using rig = new Rig(await freshDatabase())
  const sink = await rig.sink()
  const { api } = await rig.proxy({ leaseMs: 60_000, sendLoopIntervalMs: 50 })
  await setUp(api, { smtpPort: sink.smtpPort, account: { limit_per_minute: 1_000 } })
  await query(rig.databaseUrl, 'ALTER TABLE accounts RENAME limit_behavior TO away')
  await enqueue(api, messages(5))
  const claims = "SELECT n_tup_upd::int AS count FROM pg_stat_user_tables WHERE relname = 'messages'"
  await expect.poll(async () => (await query(rig.databaseUrl, claims))[0]?.count, soon).toBeGreaterThan(0)
  await query(rig.databaseUrl, 'ALTER TABLE accounts RENAME away TO limit_behavior')
  await sink.client.waitForCount(5, 10_000)
})

test('goes on with a message whose progress could not be written down', { tags: 'long' }, async () => {
  await using rig = new Rig(await freshDatabase())
  const tooMany = [say('452 4.5.3 too many recipients')]
  const rcpt = { first: [[say('250 ok')], tooMany] }
  const server = rig.use(
    await ScriptedServer.start({ rcpt, dot: { first: [[wait(500), say('250 taken')]] } }),
  )
  const tenant = await rig.tenant()
  const { api } = await rig.proxy({ leaseMs: 1_000, sendLoopIntervalMs: 50, syncIntervalMs: 50 })
  await setUp(api, { tenantUrl: tenant.url, smtpPort: server.port })
  await enqueue(api, messages(1, { to: ['a@x.test', 'b@x.test'] }))
  await expect.poll(() => server.mailTimesMs.length, soon).toBe(1)
  await query(rig.databaseUrl, 'ALTER TABLE message_events RENAME TO away')
  await expect.poll(() => server.sessions.flatMap((session) => session.messages).length, soon).toBe(1)
  // The server has answered by then, and the statement has failed.
  await delay(1_500)
  await query(rig.databaseUrl, 'ALTER TABLE away RENAME TO message_events')
  // Its lease ends: nobody knows any more that it went to the first of them.
  await expect.poll(() => tenant.idsOf('sent_ts').length, soon).toBe(1)
})
