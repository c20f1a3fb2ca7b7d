import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ApiClient } from './api-client.ts'
import { freshDatabases } from './databases.ts'
import { ADMIN_TOKEN, messages, Rig, setUp } from './rig.ts'

const freshDatabase = freshDatabases()
let rig: Rig
let api: ApiClient
/** Keys of the tenants a and b. */
let a: ApiClient
let b: ApiClient

/** Nothing is sent: what the tests look at stays as they queued it. */
const asleep = { sendLoopIntervalMs: 3_600_000, maxBodyBytes: 1024 ** 2, maxBatch: 100 }

beforeAll(async () => {
  rig = new Rig(await freshDatabase())
  ;({ api } = await rig.proxy(asleep))
  a = api.as(await setUp(api, { tenantId: 'a', smtpPort: 1 }))
  b = api.as(await setUp(api, { tenantId: 'b', smtpPort: 1 }))
  for (const tenantId of ['a', 'b']) await api.post('/commands/suspend', { tenant_id: tenantId })
})
afterAll(() => rig[Symbol.asyncDispose]())

const add = (client: ApiClient, all: readonly unknown[], more: object = {}) =>
  client.post('/commands/add-messages', { messages: all, ...more })

describe('tenants and accounts', () => {
  test('takes the setup of the seed as it stands', async () => {
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
    expect((await api.post('/tenant', tenant)).body).toEqual({
      ok: true,
      api_key: expect.stringMatching(/^gmp_/),
    })
    expect((await api.post('/account', account)).body).toEqual({ ok: true })
    const { body } = await api.get('/accounts?tenant_id=tenant-standard')
    expect(body.accounts).toMatchObject([
      { id: 'smtp-standard', host: 'mailhog', port: 1025, user: 'test', use_tls: false },
    ])
    expect(JSON.stringify(body)).not.toContain('password')
    expect((await api.delete('/tenant/tenant-standard')).body).toEqual({ ok: true })
  })

  test('shows a key once, and replaces it on demand', async () => {
    const first = await api.post('/tenant', { id: 'keyed' })
    expect((await api.post('/tenant', { id: 'keyed' })).body).toEqual({ ok: true })
    const second = await api.post('/tenant/keyed/api-key')
    expect((await api.as(String(first.body.api_key)).get('/tenant/keyed')).status).toBe(401)
    expect((await api.as(String(second.body.api_key)).get('/tenant/keyed')).status).toBe(200)
    await api.delete('/tenant/keyed/api-key')
    expect((await api.as(String(second.body.api_key)).get('/tenant/keyed')).status).toBe(401)
  })

  test('changes of a tenant what is given, and leaves the rest', async () => {
    await api.post('/tenant', { id: 'changing', name: 'before', client_base_url: 'http://c.test/' })
    await api.put('/tenant/changing', { client_sync_path: '/s', name: null })
    const { body } = await api.get('/tenant/changing')
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
    [
      'a tenant at a metadata address',
      '/tenant',
      { id: 'x', client_base_url: 'http://169.254.169.254/' },
      422,
    ],
    ['a tenant with a file for a URL', '/tenant', { id: 'x', client_base_url: 'file:///etc/passwd' }, 422],
    ['a tenant whose path is no path', '/tenant', { id: 'x', client_sync_path: '@evil.test/' }, 422],
    [
      'a tenant whose token breaks a header',
      '/tenant',
      { id: 'x', client_auth: { method: 'bearer', token: 'a\r\nb' } },
      422,
    ],
  ])('refuses %s, with the reason', async (_what, path, body, status) => {
    const answer = await api.post(path, body)
    expect(answer).toMatchObject({ status, body: { ok: false, detail: expect.anything() } })
  })
})

describe('messages', () => {
  test('queues the good ones of a batch and says what is wrong with the others', async () => {
    const [good, bad] = messages(2, {}, 'a')
    const { status, body } = await add(api, [good, { ...bad, id: 'bad', to: 'x\r\nDATA' }, 'text'])
    expect(status).toBe(200)
    expect(body).toEqual({
      ok: true,
      queued: 1,
      rejected: [
        { id: 'bad', reason: 'to has control characters' },
        { id: null, reason: 'a message has to be an object' },
      ],
    })
  })

  test('refuses a batch of which nothing can be queued', async () => {
    const { status, body } = await add(api, messages(1, { id: 'z', account_id: 'unknown' }, 'a'))
    expect(status).toBe(400)
    const rejected = [{ id: 'z', reason: 'account not found for tenant' }]
    expect(body.detail).toEqual({ error: 'no message was queued', rejected })
  })

  test('takes no more messages at once than allowed, and none for an empty list', async () => {
    expect(await add(api, messages(101, {}, 'a'))).toMatchObject({
      status: 400,
      body: { detail: '101 messages at once; 100 are allowed' },
    })
    expect((await add(api, [])).body).toEqual({ ok: true, queued: 0, rejected: [] })
    expect((await api.post('/commands/add-messages', {})).status).toBe(422)
  })

  test('gives the priority of the batch to messages that have none', async () => {
    const [one, two] = messages(2, {}, 'a')
    await add(
      api,
      [
        { ...one, id: 'p-none' },
        { ...two, id: 'p-own', priority: 'low' },
      ],
      { default_priority: 'high' },
    )
    const { body } = await api.get('/messages?tenant_id=a&limit=1000')
    const of = (id: string) =>
      (body.messages as { id: string; priority: number }[]).find((message) => message.id === id)
    expect([of('p-none')?.priority, of('p-own')?.priority]).toEqual([1, 3])
  })

  test('lists page by page, all of them once, with their history', async () => {
    await api.post('/tenant', { id: 'paged' })
    await api.post('/account', { id: 'smtp', tenant_id: 'paged', host: 'h', port: 25 })
    await api.post('/commands/suspend', { tenant_id: 'paged' })
    await add(api, messages(25, {}, 'paged'))
    await add(api, messages(1, { id: 'refused', to: 'nobody' }, 'paged'))
    const ids: string[] = []
    let next: unknown
    do {
      const after = next === undefined ? '' : `&after=${next}`
      const { body } = await api.get(`/messages?tenant_id=paged&limit=10&include_history=true${after}`)
      ids.push(...(body.messages as { id: string }[]).map(({ id }) => id))
      next = body.next
    } while (next !== undefined)
    expect(ids).toHaveLength(26)
    expect(new Set(ids).size).toBe(26)
    const { body } = await api.get('/messages?tenant_id=paged&include_history=true')
    const refused = (body.messages as { id: string; state: string; history: unknown }[]).find(
      ({ id }) => id === 'refused',
    )
    expect(refused).toMatchObject({
      state: 'refused',
      history: [{ event_type: 'error', description: expect.stringContaining('nobody') }],
    })
  })

  test('deletes messages by their ids', async () => {
    await add(
      api,
      messages(2, {}, 'b').map((message, n) => ({ ...message, id: `gone-${n}` })),
    )
    const { body } = await b.post('/commands/delete-messages', { ids: ['gone-0', 'gone-1', 'never'] })
    expect(body).toMatchObject({ ok: true, removed: 2, not_found: ['never'] })
  })
})

describe('tokens', () => {
  test.each(['/status', '/tenants', '/messages?tenant_id=a', '/accounts?tenant_id=a'])(
    'asks for one at %s',
    async (path) => {
      expect(await api.as(undefined).get(path)).toMatchObject({
        status: 401,
        body: { detail: 'X-API-Token is missing' },
      })
      expect(await api.as('wrong').get(path)).toMatchObject({
        status: 401,
        body: { detail: 'X-API-Token is not known' },
      })
      expect(await api.as(`${ADMIN_TOKEN}x`).get(path)).toMatchObject({ status: 401 })
    },
  )

  test('asks for none at /health and /metrics', async () => {
    expect((await api.as(undefined).get('/health')).body).toEqual({ status: 'ok', ok: true })
    expect(await api.as(undefined).metric('gmp_pending_messages')).toBeGreaterThanOrEqual(0)
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
      method === 'GET' ? a.get(path) : method === 'POST' ? a.post(path, { id: 'a' }) : a.delete(path)
    expect(await answer).toMatchObject({ status: 403, body: { detail: 'this is for the admin' } })
  })

  test('lets a tenant reach what is its own', async () => {
    expect((await a.get('/tenant/a')).status).toBe(200)
    expect((await a.get('/messages')).status).toBe(200)
    expect((await a.post('/account', { id: 'own', host: 'h', port: 25 })).body).toEqual({ ok: true })
    expect((await a.delete('/account/own')).body).toEqual({ ok: true })
    expect((await a.post('/commands/run-now')).body).toEqual({ ok: true })
  })

  test.each([
    ['read its settings', () => a.get('/tenant/b')],
    ['change its settings', () => a.put('/tenant/b', { client_base_url: 'http://evil.test' })],
    ['read its messages', () => a.get('/messages?tenant_id=b')],
    ['read its accounts', () => a.get('/accounts?tenant_id=b')],
    ['give it an account', () => a.post('/account', { id: 'x', tenant_id: 'b', host: 'h', port: 25 })],
    ['delete its account', () => a.delete('/account/smtp?tenant_id=b')],
    ['suspend it', () => a.post('/commands/suspend', { tenant_id: 'b' })],
    ['activate it', () => a.post('/commands/activate?tenant_id=b')],
    ['delete its messages', () => a.post('/commands/delete-messages', { tenant_id: 'b', ids: ['x'] })],
    ['clean up after it', () => a.post('/commands/cleanup-messages?tenant_id=b', { older_than_seconds: 0 })],
    ['have it called', () => a.post('/commands/run-now', { tenant_id: 'b' })],
    [
      'queue in its name',
      () => a.post('/commands/add-messages', { tenant_id: 'b', messages: messages(1, {}, 'b') }),
    ],
  ])('lets no tenant %s', async (_what, ask) => {
    expect(await ask()).toMatchObject({ status: 401, body: { detail: 'X-API-Token is of another tenant' } })
  })

  test('queues nothing in the name of another tenant, message by message', async () => {
    const { body } = await add(a, [
      ...messages(1, { id: 'mine' }, 'a'),
      ...messages(1, { id: 'theirs' }, 'b'),
    ])
    expect(body).toMatchObject({
      queued: 1,
      rejected: [{ id: 'theirs', reason: 'tenant_id is not the one of the token' }],
    })
    const { body: page } = await b.get('/messages?limit=1000')
    expect((page.messages as { id: string }[]).map(({ id }) => id)).not.toContain('theirs')
  })

  test('shows no secrets of the tenant’s own server', async () => {
    await api.post('/tenant', {
      id: 'secretive',
      client_auth: { method: 'basic', user: 'u', password: 'hush' },
    })
    expect(JSON.stringify((await api.get('/tenant/secretive')).body)).not.toContain('hush')
    expect(JSON.stringify((await api.get('/tenants')).body)).not.toContain('hush')
  })
})

describe('bodies', () => {
  const path = '/commands/add-messages'

  test('refuses one that is too large', async () => {
    const answer = await add(api, messages(1, { body: 'x'.repeat(1024 ** 2) }, 'a'))
    expect(answer).toMatchObject({ status: 413, body: { detail: 'Request body is too large' } })
  })

  test('refuses one that is nested too deep', async () => {
    const deep = `{"messages":${'['.repeat(100_000)}${']'.repeat(100_000)}}`
    expect(await api.post(path, deep)).toMatchObject({
      status: 400,
      body: { detail: 'the body is nested more than 32 deep' },
    })
  })

  test.each([
    ['no JSON', 'hello', 400],
    ['half of a JSON', '{"messages":[', 400],
    ['a JSON that poisons objects', '{"__proto__":{"isAdmin":true},"messages":[]}', 400],
  ])('refuses %s', async (_what, body, status) => {
    expect(await api.post(path, body)).toMatchObject({
      status,
      body: { ok: false, detail: expect.any(String) },
    })
  })

  test.each([
    [
      'compressed',
      { 'content-type': 'application/json', 'content-encoding': 'gzip' },
      'compressed bodies are not taken',
    ],
    ['of another type', { 'content-type': 'text/xml' }, 'the body has to be application/json'],
  ])('refuses one that is %s', async (_what, headers, detail) => {
    const response = await fetch(`${api.url}${path}`, {
      method: 'POST',
      headers: { ...headers, 'X-API-Token': ADMIN_TOKEN },
      body: 'x',
    })
    expect({ status: response.status, body: await response.json() }).toEqual({
      status: 415,
      body: { ok: false, detail },
    })
  })

  test('takes brackets in strings for text', async () => {
    const { body } = await add(
      api,
      messages(1, { id: 'brackets', body: `${'[{'.repeat(100)} "quoted \\" [ \\\\` }, 'a'),
    )
    expect(body.queued).toBe(1)
  })

  test('answers in JSON that there is no such thing', async () => {
    expect(await api.get('/nothing')).toMatchObject({
      status: 404,
      body: { ok: false, detail: 'there is no GET /nothing' },
    })
  })
})
