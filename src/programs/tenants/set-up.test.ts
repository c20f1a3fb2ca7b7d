import { expect, test } from 'vitest'
import { peer } from './http-peer.fixture.ts'
import { setUpTenants } from './set-up.ts'
import { createTenant } from './tenant.ts'

const smtp = { host: 'mailhog', port: 1025, user: 'test', password: 'test' }
const standard = { tenant: createTenant({ profile: 'standard' }), baseUrl: 'http://tenant-standard.test' }

test('makes the tenant and its account known to the proxy, in the classic dialect', async () => {
  const proxy = await peer((_asked, response) => response.end('{"ok":true,"api_key":"key-1"}'))
  const set = { proxyUrl: proxy.url, token: 'admin-token', smtp, tenants: [standard] }
  expect(await setUpTenants({ ...set, dialect: 'classic' })).toEqual([
    { tenantId: 'tenant-standard', apiKey: 'key-1' },
  ])
  const tenant = {
    id: 'tenant-standard',
    client_base_url: 'http://tenant-standard.test',
    client_sync_path: '/sync',
    client_attachment_path: '/attachments',
  }
  const account = {
    id: 'smtp-standard',
    tenant_id: 'tenant-standard',
    smtp_host: 'mailhog',
    smtp_port: 1025,
    smtp_user: 'test',
  }
  const token = 'admin-token'
  // Active only at last: a proxy that knows the tenant from an earlier run would call it at once, and send what it
  // hands over to that run's server.
  expect(proxy.asked).toMatchObject([
    { path: '/health' },
    { path: '/tenant', token, body: { ...tenant, active: false } },
    { path: '/account', token, body: account },
    { path: '/tenant', token, body: { ...tenant, active: true } },
  ])
})

test("creates an account with the real proxy's field names and the extra fields", async () => {
  const proxy = await peer((_asked, response) => response.end('{"ok":true}'))
  const tenants = [{ ...standard, account: { limit_per_minute: 60 } }]
  await setUpTenants({ proxyUrl: proxy.url, dialect: 'genro', smtp, tenants })
  expect(proxy.asked.find(({ path }) => path === '/account')?.body).toEqual({
    id: 'smtp-standard',
    tenant_id: 'tenant-standard',
    host: 'mailhog',
    port: 1025,
    user: 'test',
    password: 'test',
    use_tls: false,
    limit_per_minute: 60,
  })
})

test('gives the proxy the credentials that the tenant asks for', async () => {
  const proxy = await peer((_asked, response) => response.end('{"ok":true}'))
  const tenant = createTenant({ profile: 'standard', auth: { method: 'basic', user: 'u', password: 'p' } })
  await setUpTenants({ proxyUrl: proxy.url, dialect: 'classic', smtp, tenants: [{ ...standard, tenant }] })
  expect(proxy.asked[1]?.body.client_auth).toEqual({ method: 'basic', user: 'u', password: 'p' })
})

test('waits until the proxy says that it is healthy', async () => {
  let looked = 0
  const proxy = await peer(({ path }, response) => {
    if (path === '/health' && ++looked < 3) response.writeHead(503).end()
    else response.end('{"ok":true}')
  })
  await setUpTenants({ proxyUrl: proxy.url, dialect: 'classic', smtp, tenants: [standard] })
  expect(proxy.asked.map(({ path }) => path)).toEqual([
    '/health',
    '/health',
    '/health',
    '/tenant',
    '/account',
    '/tenant',
  ])
})

test.each([
  [401, "The admin's token is needed"],
  [422, 'Is the dialect right?'],
])('tells what the proxy said when it refuses with %i, and what to do', async (status, hint) => {
  const proxy = await peer(({ path }, response) => {
    response.writeHead(path === '/health' ? 200 : status).end('{"detail":"host missing"}')
  })
  const failure = setUpTenants({ proxyUrl: proxy.url, dialect: 'classic', smtp, tenants: [standard] })
  await expect(failure).rejects.toMatchObject({
    code: 'PROXY_REFUSED',
    message: expect.stringContaining(hint),
  })
  await expect(failure).rejects.toThrow(`/tenant was answered with HTTP ${status}: {"detail":"host missing"}`)
})

test('says what a proxy answered in place of JSON, and that it did not answer', async () => {
  const set = { dialect: 'classic', smtp, tenants: [standard] } as const
  const page = await peer((_asked, response) => response.end('<h1>welcome</h1>'))
  await expect(setUpTenants({ ...set, proxyUrl: page.url })).rejects.toMatchObject({
    code: 'PROXY_API',
    message: `Failed to set up tenants: POST ${page.url}/tenant was answered with HTTP 200, but not in JSON: <h1>welcome</h1>`,
  })
  const silent = await peer(({ path }, response) => {
    if (path === '/health') response.end()
    else response.destroy()
  })
  await expect(setUpTenants({ ...set, proxyUrl: silent.url })).rejects.toThrow('/tenant was not answered: ')
})

test('reports when no proxy becomes healthy in time', async () => {
  const nobody = await peer((_asked, response) => response.writeHead(503).end())
  const set = { dialect: 'classic', smtp, tenants: [standard], waitMs: 50 } as const
  await expect(setUpTenants({ ...set, proxyUrl: nobody.url })).rejects.toThrow(
    'was not healthy within 50 ms (HTTP 503)',
  )
  // Port 9 is discard (RFC 863): nothing listens there on a loopback.
  await expect(setUpTenants({ ...set, proxyUrl: 'http://127.0.0.1:9' })).rejects.toThrow('(ECONNREFUSED)')
})

test('a tenant with several accounts is active only when all of them are there', async () => {
  const proxy = await peer((_asked, response) => response.end('{"ok":true}'))
  const otherAccounts = [{ id: 'smtp-large', tenant_id: 'tenant-standard', host: 'sink', port: 25 }]
  const tenants = [{ ...standard, otherAccounts }]
  await setUpTenants({ proxyUrl: proxy.url, dialect: 'classic', smtp, tenants })
  const told = proxy.asked.slice(1).map(({ body }) => body as Record<string, unknown>)
  expect(told.map((body) => [body.id, body.active])).toEqual([
    ['tenant-standard', false],
    ['smtp-standard', undefined],
    ['smtp-large', undefined],
    ['tenant-standard', true],
  ])
})
