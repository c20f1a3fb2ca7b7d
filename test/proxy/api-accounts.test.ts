import { expect, test } from 'vitest'
import { apiScene } from './api-scene.ts'

const scene = apiScene()

test('takes the setup calls of genro-mail-proxy’s pressure test unchanged', async () => {
  const tenant = {
    id: 'tenant-standard',
    name: 'standard',
    active: true,
    client_base_url: 'http://client-standard:8080',
    client_sync_path: '/sync',
    client_attachment_path: '/attachments',
  }
  const account = {
    id: 'smtp-standard',
    tenant_id: 'tenant-standard',
    smtp_host: 'mailhog',
    smtp_port: 1025,
    smtp_user: 'test',
    smtp_password: 'test',
    sender_email: 'noreply@standard.test',
    use_tls: false,
    use_ssl: false,
  }
  expect((await scene.api.post('/tenant', tenant)).body).toEqual({
    ok: true,
    api_key: expect.stringMatching(/^gmp_/),
  })
  expect((await scene.api.post('/account', account)).body).toEqual({ ok: true })
  const { body } = await scene.api.get('/accounts?tenant_id=tenant-standard')
  expect(body.accounts).toMatchObject([
    { id: 'smtp-standard', host: 'mailhog', port: 1025, user: 'test', use_tls: false },
  ])
  expect(JSON.stringify(body)).not.toContain('password')
  expect((await scene.api.delete('/tenant/tenant-standard')).body).toEqual({ ok: true })
})
test('shows a key once, and replaces it on demand', async () => {
  const first = await scene.api.post('/tenant', { id: 'keyed' })
  expect((await scene.api.post('/tenant', { id: 'keyed' })).body).toEqual({ ok: true })
  const second = await scene.api.post('/tenant/keyed/api-key')
  expect((await scene.api.as(String(first.body.api_key)).get('/tenant/keyed')).status).toBe(401)
  expect((await scene.api.as(String(second.body.api_key)).get('/tenant/keyed')).status).toBe(200)
  await scene.api.delete('/tenant/keyed/api-key')
  expect((await scene.api.as(String(second.body.api_key)).get('/tenant/keyed')).status).toBe(401)
})
test('changes of a tenant what is given, and leaves the rest', async () => {
  await scene.api.post('/tenant', { id: 'changing', name: 'before', client_base_url: 'http://c.test/' })
  await scene.api.put('/tenant/changing', { client_sync_path: '/s', name: null })
  const { body } = await scene.api.get('/tenant/changing')
  expect(body).toMatchObject({ id: 'changing', client_base_url: 'http://c.test', client_sync_path: '/s' })
  expect(body).not.toHaveProperty('name')
})
test.each([
  ['an account of no tenant', '/account', { id: 'x', tenant_id: 'nobody', host: 'h', port: 25 }, 404],
  ['an account without a host', '/account', { id: 'x', tenant_id: 'a', port: 25 }, 422],
  ['an account on port 0', '/account', { id: 'x', tenant_id: 'a', host: 'h', port: 0 }, 422],
  [
    'an account whose host has a line break',
    '/account',
    { id: 'x', tenant_id: 'a', host: 'h\r\nx', port: 25 },
    422,
  ],
  [
    'an account at a metadata address',
    '/account',
    { id: 'x', tenant_id: 'a', host: '169.254.169.254', port: 25 },
    422,
  ],
  ['a tenant without an id', '/tenant', { name: 'x' }, 422],
  ['a tenant at a metadata address', '/tenant', { id: 'x', client_base_url: 'http://169.254.169.254/' }, 422],
  ['a tenant with a file for a URL', '/tenant', { id: 'x', client_base_url: 'file:///etc/passwd' }, 422],
  ['a tenant whose path is no path', '/tenant', { id: 'x', client_sync_path: '@evil.test/' }, 422],
  [
    'a tenant whose token breaks a header',
    '/tenant',
    { id: 'x', client_auth: { method: 'bearer', token: 'a\r\nb' } },
    422,
  ],
])('refuses %s, with the reason', async (_what, path, body, status) => {
  const answer = await scene.api.post(path, body)
  expect(answer).toMatchObject({ status, body: { ok: false, detail: expect.anything() } })
})
