import { expect, test } from 'vitest'
import type { ApiClient } from './api-client.ts'
import { freshDatabases } from './databases.ts'
import { enqueue, messages, Rig, setUp } from './rig.ts'

const freshDatabase = freshDatabases()

const soon = { timeout: 30_000, interval: 20 }

interface Listed {
  readonly state: string
  readonly error?: string
}

/** The only message of tenant t. */
async function listed(api: ApiClient): Promise<Listed | undefined> {
  const { body } = await api.get('/messages?tenant_id=t')
  return (body.messages as readonly Listed[])[0]
}

test('a tenant’s own key names no server and no URL in a private network; the admin may', async () => {
  await using rig = new Rig(await freshDatabase())
  const { api } = await rig.proxy()
  const own = api.as(await setUp(api, { smtpPort: 25 }))
  const account = { id: 'own', host: '127.0.0.1', port: 25 }
  for (const host of ['127.0.0.1', '2130706433', '0x7f000001', '127.1', '[::1]', '10.0.0.1'])
    expect(await own.post('/account', { ...account, host }), host).toMatchObject({ status: 422 })
  for (const host of ['0', '0x0', '2852039166', '169.254.169.254'])
    expect(await api.post('/account', { ...account, tenant_id: 't', host }), host).toMatchObject({
      status: 422,
    })
  expect(await api.post('/account', { ...account, tenant_id: 't' })).toMatchObject({ status: 200 })
  for (const client_base_url of [
    'http://127.0.0.1:8000',
    'http://2130706433/',
    'https://[::1]/',
    'http://u:p@c.test',
  ])
    expect(await own.put('/tenant/t', { client_base_url }), client_base_url).toMatchObject({ status: 422 })
  expect(await api.put('/tenant/t', { client_base_url: 'http://127.0.0.1:8000' })).toMatchObject({
    status: 200,
  })
  expect(await own.put('/tenant/t', { name: 'renamed' })).toMatchObject({ status: 200 })
})

test('a name that a tenant gives is checked when it is resolved: for mail, for attachments, for sync calls', async () => {
  await using rig = new Rig(await freshDatabase())
  const sink = await rig.sink()
  const tenant = await rig.tenant()
  const { api } = await rig.proxy({ syncIntervalMs: 50 })
  const own = api.as(await setUp(api, { smtpPort: sink.smtpPort }))
  await own.post('/account', { id: 'smtp', host: 'localhost', port: sink.smtpPort })
  await own.put('/tenant/t', { client_base_url: `http://localhost:${new URL(tenant.url).port}` })
  await enqueue(own, messages(1))
  await expect.poll(async () => (await listed(api))?.error, soon).toMatch(/SMTP server .*may not be reached/)
  await expect.poll(() => api.metric('gmp_sync_failures_total'), soon).toBeGreaterThan(0)
  expect(tenant.calls).toEqual([])
  expect(await sink.client.count()).toBe(0)
})

test('the same names serve where tenants may name private networks', async () => {
  await using rig = new Rig(await freshDatabase())
  const sink = await rig.sink()
  const { api } = await rig.proxy({ httpUrlPrivate: true })
  const own = api.as(await setUp(api, { smtpPort: sink.smtpPort }))
  expect(await own.post('/account', { id: 'smtp', host: 'localhost', port: sink.smtpPort })).toMatchObject({
    status: 200,
  })
  await enqueue(own, messages(1))
  await expect.poll(async () => (await listed(api))?.state, soon).toBe('sent')
})
