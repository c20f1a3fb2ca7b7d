import { createHash, randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { freshDatabases } from './databases.ts'
import { enqueue, messages, Rig, setUp } from './rig.ts'

const freshDatabase = freshDatabases()
const soon = { timeout: 30_000, interval: 20 }
/** Reports come quickly, and a retry too. */
const quick = { syncIntervalMs: 50, retryDelaysMs: [100, 100], sendLoopIntervalMs: 50 }

test('writes the message as requested, and shows no recipient the others', async () => {
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

test('delivers seventy attachments of 1 MB that come from one server', {
  tags: 'long',
  timeout: 40_000,
}, async () => {
  await using rig = new Rig(await freshDatabase())
  const [sink, tenant] = [await rig.sink(), await rig.tenant()]
  // More than sockets keep for a reader that has not come to it yet.
  const content = randomBytes(1024 ** 2)
  tenant.files = (_, response) => void response.end(content)
  const { api } = await rig.proxy()
  await setUp(api, { tenantUrl: tenant.url, smtpPort: sink.smtpPort })
  const attachments = Array.from({ length: 70 }, (_, n) => ({ filename: `${n}.bin`, storage_path: `p${n}` }))
  await enqueue(api, messages(1, { attachments }))
  await sink.client.waitForCount(1, 20_000)
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
