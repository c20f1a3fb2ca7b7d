import { createHash, randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { close, say, wait } from '../servers/script.ts'
import { ScriptedServer } from '../servers/scripted-server.ts'
import { freshDatabases } from './databases.ts'
import { deliveries, enqueue, messages, Rig, setUp } from './rig.ts'

const freshDatabase = freshDatabases()
const soon = { timeout: 10_000, interval: 20 }
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

test('tries again what may pass, and tells the tenant about the wait', async () => {
  await using rig = new Rig(await freshDatabase())
  const [server, tenant] = [
    rig.use(await ScriptedServer.start({ mail: { first: [[say('451 4.3.0 busy')]] } })),
    await rig.tenant(),
  ]
  const { api } = await rig.proxy(quick)
  await setUp(api, { tenantUrl: tenant.url, smtpPort: server.port })
  await enqueue(api, messages(1))
  await expect.poll(() => tenant.idsOf('sent_ts').length, soon).toBe(1)
  const [deferred, sent] = tenant.reports
  expect(deferred).toMatchObject({ id: 't-000000', deferred_reason: '451 4.3.0 busy' })
  expect(deferred?.deferred_ts).toBeLessThanOrEqual(sent?.sent_ts ?? 0)
  expect(await api.metric('gmp_deferred_total')).toBe(1)
})

test('gives up after the last delay, and says why', async () => {
  await using rig = new Rig(await freshDatabase())
  const [server, tenant] = [
    rig.use(await ScriptedServer.start({ mail: [say('451 busy')] })),
    await rig.tenant(),
  ]
  const { api } = await rig.proxy(quick)
  await setUp(api, { tenantUrl: tenant.url, smtpPort: server.port })
  await enqueue(api, messages(1))
  await expect.poll(() => tenant.idsOf('error').length, soon).toBe(1)
  expect(tenant.idsOf('deferred_ts')).toHaveLength(2)
  expect(tenant.reports.at(-1)?.error).toBe('max retries exceeded: 451 busy')
  expect(await api.metric('gmp_errors_total')).toBe(1)
})

test.each([
  ['the sender', { mail: [say('550 5.7.1 not you')] }, '550 5.7.1 not you'],
  ['every recipient', { rcpt: [say('550 5.1.1 no such user')] }, '550 5.1.1 no such user'],
  ['the content', { dot: [say('554 5.6.0 not that')] }, '554 5.6.0 not that'],
])('does not try again when %s is refused for good', async (_what, script, error) => {
  await using rig = new Rig(await freshDatabase())
  const [server, tenant] = [rig.use(await ScriptedServer.start(script)), await rig.tenant()]
  const { api } = await rig.proxy(quick)
  await setUp(api, { tenantUrl: tenant.url, smtpPort: server.port })
  await enqueue(api, messages(1))
  await expect.poll(() => tenant.reports, soon).toMatchObject([{ id: 't-000000', error }])
})

test('sends to those who take it, tries again for those who may, and names those who never will', async () => {
  await using rig = new Rig(await freshDatabase())
  const rcpt = { first: [[say('250 ok')], [say('550 no such user')], [say('451 later')]] }
  const [server, tenant] = [rig.use(await ScriptedServer.start({ rcpt })), await rig.tenant()]
  const { api } = await rig.proxy(quick)
  await setUp(api, { tenantUrl: tenant.url, smtpPort: server.port })
  await enqueue(api, messages(1, { to: ['takes@x.test', 'never@x.test'], bcc: 'later@x.test' }))
  await expect.poll(() => tenant.idsOf('sent_ts').length, soon).toBe(1)
  const delivered = server.sessions.flatMap((session) => session.messages)
  expect(delivered.map(({ rcpt: to }) => to)).toMatchObject([
    [expect.stringContaining('takes@x.test')],
    [expect.stringContaining('later@x.test')],
  ])
  expect(tenant.reports).toMatchObject([
    { deferred_reason: '451 later' },
    { refused_recipients: [{ address: 'never@x.test', reason: '550 no such user' }] },
  ])
  expect(await api.metric('gmp_refused_recipients_total')).toBe(1)
})

test('does not send twice in one attempt when a connection ends without the last reply', async () => {
  await using rig = new Rig(await freshDatabase())
  const [server, tenant] = [rig.use(await ScriptedServer.start({ dot: [close] })), await rig.tenant()]
  const { api } = await rig.proxy({ ...quick, retryDelaysMs: [60_000] })
  await setUp(api, { tenantUrl: tenant.url, smtpPort: server.port })
  await enqueue(api, messages(1))
  await expect.poll(() => tenant.idsOf('deferred_ts').length, soon).toBe(1)
  expect(server.sessions.flatMap((session) => session.messages)).toHaveLength(1)
})

test('uses another connection when a server has closed one that was idle', async () => {
  await using rig = new Rig(await freshDatabase())
  const script = { closeIdleAfterMs: 50, idleSteps: [say('421 idle too long'), close] }
  const [server, tenant] = [rig.use(await ScriptedServer.start(script)), await rig.tenant()]
  const { api } = await rig.proxy(quick)
  await setUp(api, { tenantUrl: tenant.url, smtpPort: server.port })
  const [first, second] = messages(2)
  await enqueue(api, [first ?? {}])
  await expect.poll(() => tenant.idsOf('sent_ts').length, soon).toBe(1)
  await expect.poll(() => server.sessions[0]?.messages.length, soon).toBe(1)
  await enqueue(api, [second ?? {}])
  await expect.poll(() => tenant.idsOf('sent_ts').length, soon).toBe(2)
  expect(tenant.idsOf('deferred_ts')).toEqual([])
})

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
  const { body } = await api.get('/messages?tenant_id=t&active_only=true')
  expect((body.messages as { state: string }[]).map(({ state }) => state)).toEqual(Array(5).fill('suspended'))
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

test('writes the message that was asked for, and shows nobody who else gets it', async () => {
  await using rig = new Rig(await freshDatabase())
  const sink = await rig.sink()
  const { api } = await rig.proxy()
  await setUp(api, { smtpPort: sink.smtpPort })
  const rich = {
    from: 'Ärzte <noreply@t.test>',
    to: ['One <one@x.test>', 'two@x.test'],
    cc: 'three@x.test',
    bcc: 'hidden@x.test',
    reply_to: 'answers@t.test',
    return_path: 'bounces@t.test',
    subject: 'Grüße',
    body: undefined,
    body_text: 'plain',
    body_html: '<p>rich</p>',
    message_id: 'own@t.test',
    headers: { 'X-Campaign': 'spring', 'X-Nothing': null },
    attachments: [{ filename: 'hello.txt', storage_path: 'base64:aGVsbG8=' }],
  }
  await enqueue(api, messages(1, rich))
  await sink.client.waitForCount(1, 5_000)
  const [message] = await sink.client.byEnvelopeTo('hidden@x.test')
  expect(message?.Raw).toMatchObject({
    From: 'bounces@t.test',
    To: ['one@x.test', 'two@x.test', 'three@x.test', 'hidden@x.test'],
  })
  const { Headers: headers = {} } = message?.Content ?? {}
  expect(headers).toMatchObject({
    To: ['One <one@x.test>, two@x.test'],
    Cc: ['three@x.test'],
    'Reply-To': ['answers@t.test'],
    'Message-ID': ['<own@t.test>'],
    'X-Campaign': ['spring'],
    'X-Genro-Mail-ID': ['t-000000'],
  })
  expect(Object.keys(headers)).not.toContain('X-Nothing')
  expect(message?.Raw.Data).not.toContain('hidden@x.test')
  for (const part of ['plain', '<p>rich</p>', 'aGVsbG8=', 'filename=hello.txt'])
    expect(message?.Raw.Data).toContain(part)
})

test('delivers attachments of a tenant’s endpoint, byte for byte', async () => {
  await using rig = new Rig(await freshDatabase())
  const [sink, tenant] = [await rig.sink(), await rig.tenant()]
  const content = randomBytes(400_000)
  tenant.files = (_, response) => void response.end(content)
  const { api } = await rig.proxy()
  await setUp(api, { tenantUrl: tenant.url, smtpPort: sink.smtpPort })
  const md5 = createHash('md5').update(content).digest('hex')
  const marked = { filename: `a_{MD5:${md5}}.bin`, storage_path: 'p' }
  await enqueue(api, messages(1, { attachments: [{ filename: 'b.bin', storage_path: 'q' }, marked] }))
  await sink.client.waitForCount(1, 5_000)
  const [message] = await sink.client.byEnvelopeTo('user-0@example.com')
  const parts = (message?.MIME?.Parts ?? []).slice(1, 3).map((part) => Buffer.from(part.Body, 'base64'))
  expect(parts.map((part) => part.equals(content))).toEqual([true, true])
})

test('delivers nothing of a message whose attachment turns out wrong on the way', async () => {
  await using rig = new Rig(await freshDatabase())
  const [sink, tenant] = [await rig.sink(), await rig.tenant()]
  tenant.files = (_, response) => void response.end(Buffer.alloc(3_000_000))
  // Without a cache the content is checked while it is being sent.
  const { api } = await rig.proxy({
    ...quick,
    cacheDiskMaxBytes: 0,
    cacheMemoryMaxBytes: 0,
    maxAttachmentBytes: 2 * 1024 ** 2,
  })
  await setUp(api, { tenantUrl: tenant.url, smtpPort: sink.smtpPort })
  await enqueue(api, messages(1, { attachments: [{ filename: 'a', storage_path: 'p' }] }))
  await expect
    .poll(() => tenant.reports, soon)
    .toMatchObject([{ error: expect.stringContaining('more than 2097152 bytes') }])
  expect(await sink.client.count()).toBe(0)
})

test('tries again for an attachment that may be had later, and not for one that may not', async () => {
  await using rig = new Rig(await freshDatabase())
  const [sink, tenant] = [await rig.sink(), await rig.tenant()]
  const statuses = [500, 200]
  tenant.files = (path, response) =>
    void response.writeHead(path === 'gone' ? 404 : (statuses.shift() ?? 200)).end('x')
  const { api } = await rig.proxy(quick)
  await setUp(api, { tenantUrl: tenant.url, smtpPort: sink.smtpPort })
  const [later, gone] = ['later', 'gone'].map((path) => ({
    attachments: [{ filename: path, storage_path: path }],
  }))
  await enqueue(api, [...messages(1, later), ...messages(1, { ...gone, id: 'gone' })])
  await expect.poll(() => tenant.reports.length, soon).toBe(3)
  expect(tenant.reports.toSorted((a, b) => (a.id < b.id ? -1 : 1))).toMatchObject([
    { id: 'gone', error: 'Attachment fetch failed for gone: HTTP 404' },
    { id: 't-000000', deferred_reason: 'Attachment fetch failed for later: HTTP 500' },
    { id: 't-000000', sent_ts: expect.any(Number) },
  ])
})

test('ends what it is sending when it is stopped, and leaves the rest to others at once', async () => {
  await using rig = new Rig(await freshDatabase())
  const server = rig.use(await ScriptedServer.start({ dot: [wait(500), say('250 ok')] }))
  const first = await rig.proxy({ poolSize: 2, stopTimeoutMs: 10_000 })
  await setUp(first.api, { smtpPort: server.port })
  await enqueue(first.api, messages(6))
  await expect.poll(() => first.api.metric('gmp_in_flight'), soon).toBe(2)
  await first.stop()
  const second = await rig.proxy()
  await expect.poll(() => second.api.metric('gmp_sent_total'), soon).toBe(4)
  const ids = server.sessions.flatMap((session) => session.messages).map(({ rcpt }) => String(rcpt))
  expect(ids.toSorted()).toEqual([...new Set(ids)].toSorted())
  expect(ids).toHaveLength(6)
})

test('cuts off what does not end in time when it is stopped, and loses nothing', async () => {
  await using rig = new Rig(await freshDatabase())
  const server = rig.use(await ScriptedServer.start({ data: { first: [[wait(60_000)]] } }))
  const first = await rig.proxy({ stopTimeoutMs: 200 })
  await setUp(first.api, { smtpPort: server.port })
  await enqueue(first.api, messages(1))
  await expect.poll(() => first.api.metric('gmp_in_flight'), soon).toBe(1)
  const beganAtMs = performance.now()
  await first.stop()
  expect(performance.now() - beganAtMs).toBeLessThan(5_000)
  const second = await rig.proxy()
  await expect.poll(() => second.api.metric('gmp_sent_total'), soon).toBe(1)
})
