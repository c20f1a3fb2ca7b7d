import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { freshDatabases } from './databases.ts'
import { query } from './new-database.ts'
import { enqueue, messages, Rig, setUp } from './rig.ts'

const freshDatabase = freshDatabases()
const soon = { timeout: 30_000, interval: 20 }
const LARGE = randomBytes(300_000)
const SMALL = randomBytes(1_000)
const attachments = [
  { filename: 'large <1>.bin', storage_path: 'large' },
  { filename: 'small.bin', storage_path: 'small' },
]

async function scene(config: object) {
  const largeFilesDir = await mkdtemp(join(tmpdir(), 'proxy-large-files-'))
  onTestFinished(() => rm(largeFilesDir, { recursive: true }))
  const rig = new Rig(await freshDatabase())
  onTestFinished(() => rig[Symbol.asyncDispose]())
  const [sink, tenant] = [await rig.sink(), await rig.tenant()]
  tenant.files = (path, response) => void response.end(path === 'large' ? LARGE : SMALL)
  const { api, url } = await rig.proxy({ largeFilesDir, publicUrl: 'https://files.test', syncIntervalMs: 50 })
  const large_file_config = { enabled: true, max_size_mb: 0.1, ...config }
  await setUp(api, { tenantUrl: tenant.url, smtpPort: sink.smtpPort, tenant: { large_file_config } })
  return { rig, sink, tenant, api, url, largeFilesDir }
}

test('makes a link of what is too large, once, and serves the file to who has the link', async () => {
  const { rig, sink, api, url, largeFilesDir } = await scene({ action: 'rewrite' })
  const both = { body: undefined, body_text: 'Text.', body_html: '<html><body><p>Text.</p></body></html>' }
  await enqueue(api, messages(1, { to: 'a@x.test', attachments, ...both }))
  await sink.client.waitForCount(1, 10_000)
  const [message] = await sink.client.byEnvelopeTo('a@x.test')
  const data = (message?.Raw.Data ?? '').replace(/=\r\n/g, '').replaceAll('=3D', '=')
  expect(data).toContain('filename=small.bin')
  expect(data).not.toContain(LARGE.toString('base64').slice(0, 60))
  expect(data).toContain('large &lt;1&gt;.bin (0.3 MB, until ')
  const [link, path] = /https:\/\/files\.test(\/files\/[0-9a-f-]{36}\/large%20%3C1%3E\.bin)/.exec(data) ?? []
  expect(link).toBeDefined()
  expect(data.split(String(link))).toHaveLength(3)
  const answer = await fetch(`${url}${path}`)
  expect(Buffer.from(await answer.arrayBuffer()).equals(LARGE)).toBe(true)
  expect(answer.headers.get('content-disposition')).toBe("attachment; filename*=UTF-8''large%20%3C1%3E.bin")
  expect((await fetch(`${url}/files/${'0'.repeat(8)}-0000-0000-0000-${'0'.repeat(12)}/a`)).status).toBe(404)
  expect((await fetch(`${url}/files/..%2f..%2fetc%2fpasswd/a`)).status).toBe(404)
  expect(await readdir(join(largeFilesDir, 'incoming'))).toEqual([])
  await query(rig.databaseUrl, "UPDATE large_files SET expires_at = now() - interval '1 s'")
  expect((await fetch(`${url}${path}`)).status).toBe(404)
})

test.each([['龍'.repeat(255)], ['..'], ['100% ?#&/\\ "a".bin'], ['😀'.repeat(127)]])(
  'makes links that lead to the file when it is called %s',
  async (filename) => {
    const { sink, api, url } = await scene({ action: 'rewrite', public_base_url: 'https://files.test' })
    await enqueue(api, messages(1, { to: 'a@x.test', attachments: [{ filename, storage_path: 'large' }] }))
    await sink.client.waitForCount(1, 10_000)
    const [message] = await sink.client.byEnvelopeTo('a@x.test')
    const text = (message?.Raw.Data ?? '')
      .replaceAll('=\r\n', '')
      .replaceAll(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
    const path = /https:\/\/files\.test(\/files\/\S+)/.exec(text)?.[1]
    const answer = await fetch(`${url}${path}`)
    expect(answer.status).toBe(200)
    expect(Buffer.from(await answer.arrayBuffer()).equals(LARGE)).toBe(true)
  },
)

test('fails what is too large where that is asked for, and nothing of it is delivered', async () => {
  const { sink, tenant, api } = await scene({ action: 'reject' })
  await enqueue(api, messages(1, { id: 'large', attachments }))
  await enqueue(api, messages(1, { id: 'small', attachments: attachments.slice(1) }))
  await expect.poll(() => tenant.idsOf('sent_ts'), soon).toEqual(['small'])
  await expect
    .poll(() => tenant.reports.find(({ id }) => id === 'large')?.error, soon)
    .toContain('more than 104858 bytes')
  expect(await sink.client.count()).toBe(1)
})

test('sends what is too large where only a warning is asked for', async () => {
  const { sink, api } = await scene({ action: 'warn' })
  await enqueue(api, messages(1, { to: 'a@x.test', attachments }))
  await sink.client.waitForCount(1, 10_000)
  const [message] = await sink.client.byEnvelopeTo('a@x.test')
  expect(message?.Raw.Data.replaceAll('\r\n', '')).toContain(LARGE.toString('base64').slice(0, 60))
})

test('keeps all accounts of a tenant together within the limits of the tenant', async () => {
  await using rig = new Rig(await freshDatabase())
  const [sink, tenant] = [await rig.sink(), await rig.tenant()]
  const { api } = await rig.proxy({ syncIntervalMs: 50 })
  await setUp(api, { tenantUrl: tenant.url, smtpPort: sink.smtpPort, tenant: { rate_limits: { hourly: 7 } } })
  await api.post('/account', {
    id: 'two',
    tenant_id: 't',
    host: '127.0.0.1',
    port: sink.smtpPort,
    use_tls: false,
  })
  await enqueue(api, messages(10))
  await enqueue(
    api,
    messages(10, { account_id: 'two' }).map((one, n) => ({ ...one, id: `two-${n}` })),
  )
  // What is put off is reported at once, also while the last of the seven is still on its way.
  await expect.poll(() => sink.client.count(), soon).toBeGreaterThanOrEqual(7)
  await expect.poll(() => tenant.idsOf('deferred_ts').length, soon).toBeGreaterThanOrEqual(2)
  expect((await api.get('/tenant/t')).body).toMatchObject({ rate_limits: { hourly: 7, daily: 0 } })
  expect(await sink.client.count()).toBe(7)
})

test.each([
  ['/tenant', { id: 'x', rate_limits: { hourly: -1 } }, 'hourly'],
  ['/tenant', { id: 'x', rate_limits: { weekly: 1 } }, 'weekly'],
  [
    '/tenant',
    { id: 'x', large_file_config: { enabled: true, storage_url: 's3://b' } },
    'GMP_LARGE_FILES_DIR',
  ],
  ['/tenant', { id: 'x', large_file_config: { enabled: true, action: 'rewrite' } }, 'GMP_LARGE_FILES_DIR'],
  ['/tenant', { id: 'x', large_file_config: { enabled: true, action: 'drop' } }, 'action'],
  [
    '/account',
    { id: 'a', tenant_id: 't', host: 'h', port: 25, is_pec_account: true },
    'is not implemented here',
  ],
  ['/account', { id: 'a', tenant_id: 't', host: 'h', port: 25, imap_host: 'h' }, 'is not implemented here'],
  ['/instance', { api_token: 'x' }, 'GMP_API_TOKEN'],
  ['/instance', { retention: 1 }, 'retention'],
])('refuses at %s what it would forget: %j', async (path, body, why) => {
  await using rig = new Rig(await freshDatabase())
  const { api } = await rig.proxy()
  await setUp(api, { smtpPort: 25 })
  const answer = path === '/instance' ? await api.put(path, body) : await api.post(path, body)
  expect(answer.status).toBe(422)
  expect(JSON.stringify(answer.body)).toContain(why)
})

test('keeps what the instance is told, and shows no password', async () => {
  await using rig = new Rig(await freshDatabase())
  const { api } = await rig.proxy()
  const own = api.as(await setUp(api, { smtpPort: 25 }))
  const settings = { name: 'mail', bounce_imap_host: 'imap.test', bounce_imap_password: 'secret' }
  expect(await api.put('/instance', settings)).toMatchObject({ status: 200, body: { ok: true } })
  const { body } = await api.get('/instance')
  expect(body).toMatchObject({ id: 1, name: 'mail', bounce_enabled: false, bounce_imap_host: 'imap.test' })
  expect(JSON.stringify(body)).not.toContain('secret')
  expect((await own.get('/instance')).status).toBe(403)
})

test('notes who changed what, without secrets, and lists and exports it', async () => {
  await using rig = new Rig(await freshDatabase())
  const { api } = await rig.proxy()
  const key = await setUp(api, { smtpPort: 25, account: { user: 'u', password: 'hidden-one' } })
  await api.as(key).post('/commands/add-messages', { messages: messages(2) })
  await api.as(key).post('/commands/add-messages', { messages: messages(1, { body: 'x'.repeat(100_000) }) })
  await api.post('/account', { id: 'nobody', tenant_id: 'nobody', host: 'h', port: 25 })
  const endpoints = async () =>
    ((await api.get('/command-log?limit=10')).body.commands as { endpoint: string }[]).map(
      ({ endpoint }) => endpoint,
    )
  const all = ['POST /commands/add-messages', 'POST /commands/add-messages', 'POST /account', 'POST /tenant']
  await expect.poll(endpoints, soon).toEqual(all)
  const { body } = await api.get('/command-log?tenant_id=t&endpoint_filter=add-messages')
  expect(body.commands).toMatchObject([
    { cut: true, payload: {} },
    { cut: false, payload: { messages: [{}, {}] }, response_status: 200 },
  ])
  const exported = JSON.stringify((await api.get('/command-log/export')).body)
  expect(exported).toContain('"endpoint":"POST /tenant"')
  for (const secret of ['hidden-one', key]) expect(exported + JSON.stringify(body)).not.toContain(secret)
  expect((await api.as(key).get('/command-log')).status).toBe(403)
})

test('notes no credentials that stand in a URL', async () => {
  await using rig = new Rig(await freshDatabase())
  const { api } = await rig.proxy()
  await setUp(api, { smtpPort: 25 })
  const fromUrl = [{ filename: 'a', storage_path: 'https://user:hidden-one@files.test/a' }]
  await api.post('/commands/add-messages', { messages: messages(1, { attachments: fromUrl }) })
  // Refused, and noted all the same.
  await api.put('/tenant/t', { client_base_url: 'https://user:hidden@two@files.test' })
  const noted = async () => JSON.stringify((await api.get('/command-log')).body)
  await expect.poll(noted, soon).toContain('PUT /tenant/t')
  await expect.poll(noted, soon).toContain('https://***@files.test/a')
  expect(await noted()).not.toContain('hidden')
})
