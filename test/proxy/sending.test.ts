import { expect, test } from 'vitest'
import { wait } from '../servers/script.ts'
import { ScriptedServer } from '../servers/scripted-server.ts'
import type { ApiClient } from './api-client.ts'
import { freshDatabases } from './databases.ts'
import { deliveries, enqueue, messages, Rig, setUp } from './rig.ts'

const freshDatabase = freshDatabases()
const soon = { timeout: 30_000, interval: 20 }
/** Reports come quickly, and a retry too. */
const quick = { syncIntervalMs: 50, retryDelaysMs: [100, 100], sendLoopIntervalMs: 50 }

test('sends what was pushed at once, not at the next interval, and reports it', async () => {
  await using rig = new Rig(await freshDatabase())
  const [sink, tenant] = [await rig.sink(), await rig.tenant()]
  const { api } = await rig.proxy({ sendLoopIntervalMs: 60_000, syncIntervalMs: 100 })
  await setUp(api, { tenantUrl: tenant.url, smtpPort: sink.smtpPort })
  await enqueue(api, messages(200))
  await sink.client.waitForCount(200, 10_000)
  expect([...(await deliveries(sink)).values()].every((times) => times === 1)).toBe(true)
  await expect.poll(() => tenant.idsOf('sent_ts').length, soon).toBe(200)
  expect(await api.metric('gmp_sent_total', 'account_id="smtp"')).toBe(200)
  expect(await api.metric('gmp_pending_messages')).toBe(0)
})

test('is woken by what another proxy queued', async () => {
  await using rig = new Rig(await freshDatabase())
  const sink = await rig.sink()
  const asleep = { sendLoopIntervalMs: 3_600_000 }
  const [busy, idle] = [await rig.proxy(asleep), await rig.proxy(asleep)]
  await setUp(busy.api, { smtpPort: sink.smtpPort })
  await enqueue(busy.api, messages(500))
  await sink.client.waitForCount(500, 10_000)
  expect(await idle.api.metric('gmp_sent_total')).toBeGreaterThan(0)
})

test('sends in order of priority', async () => {
  await using rig = new Rig(await freshDatabase())
  const sink = await rig.sink()
  const { api } = await rig.proxy({ poolSize: 1 })
  await setUp(api, { smtpPort: sink.smtpPort })
  await api.post('/commands/suspend', { tenant_id: 't' })
  const all = messages(8).map((message, n) => ({ ...message, priority: [3, 1, 2, 0][n % 4] }))
  await enqueue(api, all)
  await api.post('/commands/activate', { tenant_id: 't' })
  await sink.client.waitForCount(8, 10_000)
  expect([...(await deliveries(sink)).keys()].map((id) => Number(id.slice(-1)))).toEqual([
    3, 7, 1, 5, 2, 6, 0, 4,
  ])
})

test('lets no account wait for another whose server does not answer', async () => {
  await using rig = new Rig(await freshDatabase())
  const sink = await rig.sink()
  const silent = rig.use(await ScriptedServer.start({ greeting: [wait(60_000)] }))
  const { api } = await rig.proxy({ stopTimeoutMs: 100 })
  await setUp(api, { smtpPort: silent.port })
  await setUp(api, { tenantId: 'u', smtpPort: sink.smtpPort })
  await enqueue(api, messages(300))
  await enqueue(api, messages(100, {}, 'u'))
  expect(await sink.client.waitForCount(100, 5_000)).toBe(100)
})

async function activeStates(api: ApiClient): Promise<string[]> {
  const { body } = await api.get('/messages?tenant_id=t&active_only=true')
  return (body.messages as { state: string }[]).map(({ state }) => state)
}

test('holds a suspended batch, and sends it once it is activated', async () => {
  await using rig = new Rig(await freshDatabase())
  const sink = await rig.sink()
  const { api } = await rig.proxy({ sendLoopIntervalMs: 60_000 })
  await setUp(api, { smtpPort: sink.smtpPort })
  const suspended = await api.post('/commands/suspend?tenant_id=t&batch_code=b')
  expect(suspended.body).toMatchObject({ ok: true, suspended_batches: ['b'], pending_messages: 0 })
  await enqueue(api, [
    ...messages(5, { batch_code: 'b' }),
    ...messages(3).map((m, n) => ({ ...m, id: `free-${n}` })),
  ])
  await sink.client.waitForCount(3, 5_000)
  // The sink has a message a moment before its outcome is written.
  await expect.poll(() => activeStates(api), soon).toEqual(Array(5).fill('suspended'))
  await api.post('/commands/activate?tenant_id=t&batch_code=b')
  await sink.client.waitForCount(8, 5_000)
})

test('sends a deferred message at its time, not before', async () => {
  await using rig = new Rig(await freshDatabase())
  const sink = await rig.sink()
  const { api } = await rig.proxy(quick)
  await setUp(api, { smtpPort: sink.smtpPort })
  const deferredTs = Date.now() / 1000 + 1
  await enqueue(api, messages(1, { deferred_ts: deferredTs }))
  await sink.client.waitForCount(1, 5_000)
  const { body } = await api.get('/messages?tenant_id=t')
  const [message] = body.messages as { sent_ts: number }[]
  expect(message?.sent_ts).toBeGreaterThanOrEqual(deferredTs)
})

test('defers what is over the limit of an account', async () => {
  await using rig = new Rig(await freshDatabase())
  const [sink, tenant] = [await rig.sink(), await rig.tenant()]
  const { api } = await rig.proxy(quick)
  await setUp(api, { tenantUrl: tenant.url, smtpPort: sink.smtpPort, account: { limit_per_minute: 5 } })
  await enqueue(api, messages(12))
  await expect.poll(() => tenant.idsOf('deferred_ts').length, soon).toBe(7)
  expect(await sink.client.count()).toBe(5)
  expect(await api.metric('gmp_rate_limited_total')).toBe(7)
  const waits = tenant.reports.map(({ deferred_ts: until }) => until).filter((until) => until !== undefined)
  expect(Math.min(...waits)).toBeGreaterThan(Date.now() / 1000 + 40)
})

test('rejects what is over the limit of an account that is set so', async () => {
  await using rig = new Rig(await freshDatabase())
  const [sink, tenant] = [await rig.sink(), await rig.tenant()]
  const { api } = await rig.proxy(quick)
  const account = { limit_per_minute: 5, limit_behavior: 'reject' }
  await setUp(api, { tenantUrl: tenant.url, smtpPort: sink.smtpPort, account })
  await enqueue(api, messages(12))
  await expect.poll(() => tenant.idsOf('error').length, soon).toBe(7)
  await expect.poll(() => tenant.idsOf('sent_ts').length, soon).toBe(5)
  expect(tenant.reports.find(({ error }) => error !== undefined)?.error).toBe('rate_limit_exceeded')
})
