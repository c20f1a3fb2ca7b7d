import { expect, test } from 'vitest'
import { freshDatabases } from './databases.ts'
import { enqueue, messages, Rig, setUp } from './rig.ts'
import type { TenantServer } from './tenant-server.ts'

const freshDatabase = freshDatabases()
const soon = { timeout: 30_000, interval: 20 }
const quick = { syncIntervalMs: 100, syncTimeoutMs: 1_000 }
/** Called when asked for, or once at the start. */
const rarely = { syncIntervalMs: 3_600_000 }

async function called(tenant: TenantServer, times: number): Promise<void> {
  await expect.poll(() => tenant.calls.length, soon).toBeGreaterThanOrEqual(times)
}

test('takes messages from the answer to a sync, in the classic dialect', async () => {
  await using rig = new Rig(await freshDatabase())
  const [sink, tenant] = [await rig.sink(), await rig.tenant()]
  const from = { sender: 'noreply@t.test', recipient_email: 'user@example.com', subject: 's', body_text: 'b' }
  tenant.answers.push({
    ok: true,
    processed: 0,
    messages: Array.from({ length: 30 }, (_, n) => ({ id: `m${n}`, ...from })),
  })
  const { api } = await rig.proxy(quick)
  await setUp(api, { tenantUrl: tenant.url, smtpPort: sink.smtpPort })
  await sink.client.waitForCount(30, 10_000)
  await expect.poll(() => tenant.idsOf('sent_ts').length, soon).toBe(30)
  expect(tenant.calls[0]?.body).toEqual({ delivery_report: [], reports: [] })
})

test('calls no tenant for messages before it has an account to send them', async () => {
  await using rig = new Rig(await freshDatabase())
  const [early, ready] = [await rig.tenant(), await rig.tenant()]
  const { api } = await rig.proxy(quick)
  await api.post('/tenant', { id: 'early', client_base_url: early.url, client_sync_path: '/sync' })
  await setUp(api, { tenantUrl: ready.url, smtpPort: 1 })
  await called(ready, 3)
  expect(early.calls).toEqual([])
  await api.post('/account', { id: 'smtp', tenant_id: 'early', host: '127.0.0.1', port: 1 })
  await called(early, 1)
})

test('reports under the name that is configured', async () => {
  await using rig = new Rig(await freshDatabase())
  const tenant = await rig.tenant()
  const { api } = await rig.proxy({ ...quick, reportKey: 'delivery_report' })
  await setUp(api, { tenantUrl: tenant.url, smtpPort: 1 })
  await called(tenant, 1)
  expect(tenant.calls[0]?.body).toEqual({ delivery_report: [] })
})

test('reports messages of an answer that it could not take, and takes the others', async () => {
  await using rig = new Rig(await freshDatabase())
  const [sink, tenant] = [await rig.sink(), await rig.tenant()]
  const [good, bad, foreign] = messages(3)
  tenant.answers.push({
    ok: true,
    messages: [good, { ...bad, to: 'nobody' }, { ...foreign, tenant_id: 'other' }],
  })
  const { api } = await rig.proxy(quick)
  await setUp(api, { tenantUrl: tenant.url, smtpPort: sink.smtpPort })
  await expect.poll(() => tenant.reports.length, soon).toBe(3)
  expect(tenant.idsOf('sent_ts')).toEqual(['t-000000'])
  expect(tenant.idsOf('error').toSorted()).toEqual(['t-000001', 't-000002'])
})

test.each([
  [{ method: 'bearer', token: 'abc' }, 'Bearer abc'],
  [{ method: 'basic', user: 'u', password: 'p' }, 'Basic dTpw'],
  [{ method: 'none' }, undefined],
])('authenticates as %o', async (client_auth, expected) => {
  await using rig = new Rig(await freshDatabase())
  const tenant = await rig.tenant()
  const { api } = await rig.proxy(quick)
  await setUp(api, { tenantUrl: tenant.url, smtpPort: 1, tenant: { client_auth } })
  await called(tenant, 1)
  expect(tenant.calls[0]?.headers.authorization).toBe(expected)
})

test('reports each outcome once when it is acknowledged', async () => {
  await using rig = new Rig(await freshDatabase())
  const [sink, tenant] = [await rig.sink(), await rig.tenant()]
  const { api } = await rig.proxy(quick)
  await setUp(api, { tenantUrl: tenant.url, smtpPort: sink.smtpPort })
  await enqueue(api, messages(50))
  await expect.poll(() => tenant.reports.length, soon).toBe(50)
  await called(tenant, tenant.calls.length + 3)
  expect(new Set(tenant.idsOf('sent_ts')).size).toBe(50)
  expect(tenant.reports).toHaveLength(50)
})

test('calls a tenant that has more at once, up to a bound', async () => {
  await using rig = new Rig(await freshDatabase())
  const tenant = await rig.tenant()
  tenant.usual = { ok: true, queued: 3 }
  const { api } = await rig.proxy({ ...rarely, syncMaxRounds: 7 })
  await setUp(api, { tenantUrl: tenant.url, smtpPort: 1 })
  const synced = async () => {
    const { body } = await api.get('/tenants/sync-status')
    return (body.tenants as { last_sync_ts?: number }[])[0]?.last_sync_ts
  }
  await expect.poll(synced, soon).toBeDefined()
  expect(tenant.calls).toHaveLength(7)
})

test('stops calling when the tenant has no more', async () => {
  await using rig = new Rig(await freshDatabase())
  const tenant = await rig.tenant()
  tenant.answers.push(
    { ok: true, queued: 2 },
    { ok: true, queued: 1 },
    { ok: true, queued: 0 },
    { ok: true, queued: 9 },
  )
  const { api } = await rig.proxy({ ...rarely, reportBatch: 10 })
  await setUp(api, { tenantUrl: tenant.url, smtpPort: 1 })
  await called(tenant, 3)
  const inDnd = await api.get('/tenants/sync-status')
  expect((inDnd.body.tenants as { in_dnd: boolean }[])[0]?.in_dnd).toBe(false)
  expect(tenant.calls).toHaveLength(3)
})

test('reports a long backlog in as many calls as it takes', async () => {
  await using rig = new Rig(await freshDatabase())
  const [sink, tenant] = [await rig.sink(), await rig.tenant()]
  const { api } = await rig.proxy({ ...rarely, reportBatch: 10 })
  await setUp(api, { tenantUrl: tenant.url, smtpPort: sink.smtpPort })
  await called(tenant, 1)
  await enqueue(api, messages(95))
  await expect.poll(() => api.metric('gmp_sent_total'), soon).toBe(95)
  await api.post('/commands/run-now')
  await expect.poll(() => new Set(tenant.idsOf('sent_ts')).size, soon).toBe(95)
  expect(Math.max(...tenant.calls.map(({ body }) => body.reports?.length ?? 0))).toBe(10)
})

test('leaves a tenant alone until the time that it named, to the second', { tags: 'long' }, async () => {
  await using rig = new Rig(await freshDatabase())
  const [sink, tenant] = [await rig.sink(), await rig.tenant()]
  let until = 0
  tenant.answers.push((response) => {
    until = Date.now() / 1000 + 2
    response.end(JSON.stringify({ ok: true, next_sync_after: until }))
  })
  const { api } = await rig.proxy(quick)
  await setUp(api, { tenantUrl: tenant.url, smtpPort: sink.smtpPort })
  await called(tenant, 1)
  await enqueue(api, messages(1))
  const { body } = await api.get('/tenants/sync-status')
  expect(body.tenants).toMatchObject([{ in_dnd: true }])
  await called(tenant, 2)
  const lateMs = Date.now() - until * 1000
  expect(lateMs).toBeGreaterThan(-50)
  expect(lateMs).toBeLessThan(1_000)
})

test.each([
  ['the admin', (key: string) => ({ key: undefined, used: key !== '' })],
  ['the tenant itself', (key: string) => ({ key, used: true })],
])('calls a tenant in spite of its wish when %s asks for it', async (_who, of) => {
  await using rig = new Rig(await freshDatabase())
  const tenant = await rig.tenant()
  tenant.usual = { ok: true, next_sync_after: Date.now() / 1000 + 3_600 }
  const { api } = await rig.proxy(quick)
  const { key } = of(await setUp(api, { tenantUrl: tenant.url, smtpPort: 1 }))
  await called(tenant, 1)
  await (key === undefined ? api : api.as(key)).post('/commands/run-now')
  await called(tenant, 2)
})

test('does not call tenants that are not active', async () => {
  await using rig = new Rig(await freshDatabase())
  const [inactive, active] = [await rig.tenant(), await rig.tenant()]
  const { api } = await rig.proxy(quick)
  await setUp(api, { tenantId: 'inactive', tenantUrl: inactive.url, smtpPort: 1, tenant: { active: false } })
  await setUp(api, { tenantId: 'active', tenantUrl: active.url, smtpPort: 1 })
  await called(active, 3)
  expect(inactive.calls).toEqual([])
})

test('calls a tenant as often with three proxies as with one', { tags: 'long' }, async () => {
  await using rig = new Rig(await freshDatabase())
  const tenant = await rig.tenant()
  const interval = { syncIntervalMs: 300 }
  const { api } = await rig.proxy(interval)
  await rig.proxy(interval)
  await rig.proxy(interval)
  await setUp(api, { tenantUrl: tenant.url, smtpPort: 1 })
  await called(tenant, 8)
  const gaps = tenant.calls.slice(1, 8).map(({ atMs }, n) => atMs - (tenant.calls[n]?.atMs ?? 0))
  expect(Math.min(...gaps)).toBeGreaterThan(250)
})
