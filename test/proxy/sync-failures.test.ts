import { expect, test } from 'vitest'
import { freePort } from '../../containers/loopback.ts'
import { freshDatabases } from './databases.ts'
import { enqueue, messages, Rig, setUp } from './rig.ts'
import type { SyncAnswer, TenantServer } from './tenant-server.ts'

const freshDatabase = freshDatabases()
const soon = { timeout: 30_000, interval: 20 }
const quick = { syncIntervalMs: 100, syncTimeoutMs: 1_000 }

async function called(tenant: TenantServer, times: number): Promise<void> {
  await expect.poll(() => tenant.calls.length, soon).toBeGreaterThanOrEqual(times)
}

const failures: readonly [string, SyncAnswer, string][] = [
  ['answers 500', (response) => void response.writeHead(500).end('{}'), 'status'],
  ['answers 302', (response) => void response.writeHead(302, { location: '/' }).end('{}'), 'status'],
  ['answers no JSON', (response) => void response.end('<html>'), 'not_json'],
  ['says ok: false', { ok: false, error: 'busy' }, 'not_ok'],
  ['breaks the connection', (response) => void response.destroy(), 'network'],
  ['does not answer', () => undefined, 'timeout'],
]

test.each(failures)(
  'keeps the reports of a tenant that %s, and serves the others meanwhile',
  async (_what, answer, reason) => {
    await using rig = new Rig(await freshDatabase())
    const [sink, bad, good] = [await rig.sink(), await rig.tenant(), await rig.tenant()]
    bad.usual = answer
    const { api } = await rig.proxy({ ...quick, syncTimeoutMs: 300, stopTimeoutMs: 100 })
    await setUp(api, { tenantId: 'bad', tenantUrl: bad.url, smtpPort: sink.smtpPort })
    await setUp(api, { tenantId: 'good', tenantUrl: good.url, smtpPort: sink.smtpPort })
    await enqueue(api, messages(20, {}, 'bad'))
    await enqueue(api, messages(20, {}, 'good'))
    await expect.poll(() => new Set(good.idsOf('sent_ts')).size, soon).toBe(20)
    await expect
      .poll(() => api.metric('gmp_sync_failures_total', `reason="${reason}"`), soon)
      .toBeGreaterThan(0)
    bad.usual = { ok: true }
    bad.calls.length = 0
    await api.post('/commands/run-now', { tenant_id: 'bad' })
    await expect.poll(() => new Set(bad.idsOf('sent_ts')).size, soon).toBe(20)
  },
)

test('calls a failing tenant at once when it has new settings', async () => {
  await using rig = new Rig(await freshDatabase())
  const tenant = await rig.tenant()
  // After its first failure it would be called in two minutes.
  const { api } = await rig.proxy({ syncIntervalMs: 60_000 })
  await setUp(api, { tenantUrl: `http://127.0.0.1:${await freePort()}`, smtpPort: 25 })
  await expect.poll(() => api.metric('gmp_sync_failures_total', 'reason="network"'), soon).toBe(1)
  await setUp(api, { tenantUrl: tenant.url, smtpPort: 25 })
  await called(tenant, 1)
})

test('calls a tenant at once whose call failed with settings that were changed meanwhile', async () => {
  await using rig = new Rig(await freshDatabase())
  const [old, tenant] = [await rig.tenant(), await rig.tenant()]
  const answered = Promise.withResolvers<void>()
  old.usual = (response) => void answered.promise.then(() => response.writeHead(503).end())
  const { api } = await rig.proxy({ syncIntervalMs: 60_000, syncTimeoutMs: 30_000 })
  await setUp(api, { tenantUrl: old.url, smtpPort: 25 })
  await called(old, 1)
  await setUp(api, { tenantUrl: tenant.url, smtpPort: 25 })
  answered.resolve()
  await called(tenant, 1)
})

test('calls a failing tenant less and less often', { tags: 'long' }, async () => {
  await using rig = new Rig(await freshDatabase())
  const tenant = await rig.tenant()
  tenant.usual = (response) => void response.writeHead(503).end()
  const { api } = await rig.proxy({ syncIntervalMs: 100 })
  await setUp(api, { tenantUrl: tenant.url, smtpPort: 1 })
  await called(tenant, 5)
  const gaps = tenant.calls.slice(1).map(({ atMs }, n) => atMs - (tenant.calls[n]?.atMs ?? 0))
  expect(gaps[3]).toBeGreaterThan(700)
  expect(gaps[1]).toBeGreaterThan(180)
})

test('keeps to its interval with the others while one tenant is slow', async () => {
  await using rig = new Rig(await freshDatabase())
  const [slow, good] = [await rig.tenant(), await rig.tenant()]
  slow.usual = () => undefined
  const { api } = await rig.proxy({ syncIntervalMs: 100, syncTimeoutMs: 30_000, stopTimeoutMs: 100 })
  await setUp(api, { tenantId: 'slow', tenantUrl: slow.url, smtpPort: 1 })
  await called(slow, 1)
  await setUp(api, { tenantId: 'good', tenantUrl: good.url, smtpPort: 1 })
  await called(good, 11)
  const [first, eleventh] = [good.calls[0]?.atMs ?? 0, good.calls[10]?.atMs ?? 0]
  expect(eleventh - first).toBeLessThan(4_000)
  expect(slow.calls).toHaveLength(1)
})

test('leaves a tenant that takes long to the proxy that called it', { tags: 'long' }, async () => {
  await using rig = new Rig(await freshDatabase())
  const [tenant, other] = [await rig.tenant(), await rig.tenant()]
  const { promise: enough, resolve: answer } = Promise.withResolvers<void>()
  tenant.usual = (response) => void enough.then(() => response.end('{"ok":true}'))
  // The lease of a turn ends several times while the tenant thinks.
  const options = { syncIntervalMs: 100, syncTimeoutMs: 30_000, leaseMs: 500 }
  const { api } = await rig.proxy(options)
  await rig.proxy(options)
  await setUp(api, { tenantId: 'slow', tenantUrl: tenant.url, smtpPort: 1 })
  await called(tenant, 1)
  await setUp(api, { tenantId: 'other', tenantUrl: other.url, smtpPort: 1 })
  await called(other, 20)
  expect(tenant.calls).toHaveLength(1)
  answer()
  await called(tenant, 2)
})
