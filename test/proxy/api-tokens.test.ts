import { expect, test } from 'vitest'
import { add, apiScene } from './api-scene.ts'
import { ADMIN_TOKEN, messages } from './rig.ts'

const scene = apiScene()

test.each(['/status', '/tenants', '/messages?tenant_id=a', '/accounts?tenant_id=a'])(
  'asks for one at %s',
  async (path) => {
    expect(await scene.api.as(undefined).get(path)).toMatchObject({
      status: 401,
      body: { detail: 'X-API-Token is missing' },
    })
    expect(await scene.api.as('wrong').get(path)).toMatchObject({
      status: 401,
      body: { detail: 'X-API-Token is not known' },
    })
    expect(await scene.api.as(`${ADMIN_TOKEN}x`).get(path)).toMatchObject({ status: 401 })
  },
)
test('asks for none at /health and /metrics', async () => {
  expect((await scene.api.as(undefined).get('/health')).body).toEqual({ status: 'ok', ok: true })
  expect(await scene.api.as(undefined).metric('gmp_pending_messages')).toBeGreaterThanOrEqual(0)
})
test.each([
  ['POST', '/tenant'],
  ['GET', '/tenants'],
  ['GET', '/tenants/sync-status'],
  ['DELETE', '/tenant/a'],
  ['POST', '/tenant/a/api-key'],
  ['DELETE', '/tenant/a/api-key'],
])('keeps %s %s for the admin', async (method, path) => {
  const answer =
    method === 'GET'
      ? scene.a.get(path)
      : method === 'POST'
        ? scene.a.post(path, { id: 'a' })
        : scene.a.delete(path)
  expect(await answer).toMatchObject({ status: 403, body: { detail: 'only the admin may do this' } })
})
test('lets a tenant reach what is its own', async () => {
  expect((await scene.a.get('/tenant/a')).status).toBe(200)
  expect((await scene.a.get('/messages')).status).toBe(200)
  expect((await scene.a.post('/account', { id: 'own', host: 'h', port: 25 })).body).toEqual({ ok: true })
  expect((await scene.a.delete('/account/own')).body).toEqual({ ok: true })
  expect((await scene.a.post('/commands/run-now')).body).toEqual({ ok: true })
})
test.each([
  ['read its settings', () => scene.a.get('/tenant/b')],
  ['change its settings', () => scene.a.put('/tenant/b', { client_base_url: 'http://evil.test' })],
  ['read its messages', () => scene.a.get('/messages?tenant_id=b')],
  ['read its accounts', () => scene.a.get('/accounts?tenant_id=b')],
  ['give it an account', () => scene.a.post('/account', { id: 'x', tenant_id: 'b', host: 'h', port: 25 })],
  ['delete its account', () => scene.a.delete('/account/smtp?tenant_id=b')],
  ['suspend it', () => scene.a.post('/commands/suspend', { tenant_id: 'b' })],
  ['activate it', () => scene.a.post('/commands/activate?tenant_id=b')],
  ['delete its messages', () => scene.a.post('/commands/delete-messages', { tenant_id: 'b', ids: ['x'] })],
  [
    'clean up after it',
    () => scene.a.post('/commands/cleanup-messages?tenant_id=b', { older_than_seconds: 0 }),
  ],
  ['have it called', () => scene.a.post('/commands/run-now', { tenant_id: 'b' })],
  [
    'queue in its name',
    () => scene.a.post('/commands/add-messages', { tenant_id: 'b', messages: messages(1, {}, 'b') }),
  ],
])('lets no tenant %s', async (_what, ask) => {
  expect(await ask()).toMatchObject({
    status: 401,
    body: { detail: 'X-API-Token belongs to another tenant' },
  })
})
test('queues nothing in the name of another tenant, message by message', async () => {
  const { body } = await add(scene.a, [
    ...messages(1, { id: 'mine' }, 'a'),
    ...messages(1, { id: 'theirs' }, 'b'),
  ])
  expect(body).toMatchObject({
    queued: 1,
    rejected: [{ id: 'theirs', reason: 'tenant_id is not that of the token' }],
  })
  const { body: page } = await scene.b.get('/messages?limit=1000')
  expect((page.messages as { id: string }[]).map(({ id }) => id)).not.toContain('theirs')
})
test('shows no secrets of the tenant’s own server', async () => {
  await scene.api.post('/tenant', {
    id: 'secretive',
    client_auth: { method: 'basic', user: 'u', password: 'hush' },
  })
  expect(JSON.stringify((await scene.api.get('/tenant/secretive')).body)).not.toContain('hush')
  expect(JSON.stringify((await scene.api.get('/tenants')).body)).not.toContain('hush')
})
