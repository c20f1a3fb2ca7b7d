import { expect, test } from 'vitest'
import { say } from '../servers/script.ts'
import { ScriptedServer } from '../servers/scripted-server.ts'
import { freshDatabases } from './databases.ts'
import { enqueue, messages, Rig, setUp } from './rig.ts'

const freshDatabase = freshDatabases()
const soon = { timeout: 30_000, interval: 20 }
const quick = { syncIntervalMs: 50, retryDelaysMs: [60_000] }
const offering = (...extensions: string[]) => [
  say('250-scripted', ...extensions.map((name) => `250-${name}`), '250 PIPELINING'),
]
/** Commands are kept octet by octet. */
const utf8 = (text: string) => Buffer.from(text, 'latin1').toString('utf8')

test('sends to addresses that are not ASCII by SMTPUTF8, and only there', async () => {
  await using rig = new Rig(await freshDatabase())
  const able = rig.use(await ScriptedServer.start({ ehlo: offering('8BITMIME', 'SMTPUTF8', 'SIZE') }))
  const unable = rig.use(await ScriptedServer.start({ ehlo: offering('8BITMIME') }))
  const tenant = await rig.tenant()
  const { api } = await rig.proxy(quick)
  await setUp(api, { tenantUrl: tenant.url, smtpPort: able.port })
  await api.post('/account', {
    id: 'unable',
    tenant_id: 't',
    host: '127.0.0.1',
    port: unable.port,
    use_tls: false,
  })
  await enqueue(api, messages(1, { id: 'able', to: 'Jürgen <jürgen@bücher.test>' }))
  await enqueue(api, messages(1, { id: 'unable', account_id: 'unable', to: '用户@x.test' }))
  await enqueue(api, messages(1, { id: 'hidden', account_id: 'unable', bcc: '用户@x.test' }))
  await enqueue(api, messages(1, { id: 'domain', account_id: 'unable', to: 'Jürgen <a@bücher.test>' }))
  await expect.poll(() => new Set(tenant.idsOf('sent_ts')), soon).toEqual(new Set(['able', 'domain']))
  await expect.poll(() => tenant.idsOf('error').toSorted(), soon).toEqual(['hidden', 'unable'])
  expect(tenant.reports.find(({ error }) => error)?.error).toContain('does not offer SMTPUTF8')
  const commands = (server: ScriptedServer) =>
    server.sessions.flatMap((session) => session.commands).map(utf8)
  expect(commands(able)).toContainEqual(
    expect.stringMatching(/^MAIL FROM:<noreply@t.test> SIZE=\d+ BODY=8BITMIME SMTPUTF8$/),
  )
  expect(commands(able)).toContain('RCPT TO:<jürgen@xn--bcher-kva.test>')
  expect(commands(unable).filter((line) => line.startsWith('MAIL'))).toEqual(['MAIL FROM:<noreply@t.test>'])
  expect(commands(unable)).toContain('RCPT TO:<a@xn--bcher-kva.test>')
})

test('takes quoted local parts as they are', async () => {
  await using rig = new Rig(await freshDatabase())
  const sink = await rig.sink()
  const { api } = await rig.proxy(quick)
  await setUp(api, { smtpPort: sink.smtpPort })
  const to = ['"john doe"@x.test', 'Q <"a@b,c"@x.test>', '"a\\"b"@x.test']
  await enqueue(api, messages(1, { to }))
  await sink.client.waitForCount(1, 5_000)
  const [message] = await sink.client.byEnvelopeTo('"john doe"@x.test')
  expect(message?.Raw.To).toEqual(['"john doe"@x.test', '"a@b,c"@x.test', '"a\\"b"@x.test'])
})

test('logs in with a password that is not ASCII', async () => {
  await using rig = new Rig(await freshDatabase())
  const server = rig.use(await ScriptedServer.start({ ehlo: offering('AUTH PLAIN') }))
  const { api } = await rig.proxy(quick)
  await setUp(api, { smtpPort: server.port, account: { user: 'bär', password: 'pässwörd €' } })
  await enqueue(api, messages(1))
  await expect.poll(() => api.metric('gmp_sent_total'), soon).toBe(1)
  const blob = Buffer.from('\0bär\0pässwörd €').toString('base64')
  expect(server.sessions[0]?.commands[1]).toBe(`AUTH PLAIN ${blob}`)
})

test('sends with the null sender', async () => {
  await using rig = new Rig(await freshDatabase())
  const server = rig.use(await ScriptedServer.start())
  const { api } = await rig.proxy(quick)
  await setUp(api, { smtpPort: server.port })
  await enqueue(api, messages(1, { return_path: '<>' }))
  await expect.poll(() => api.metric('gmp_sent_total'), soon).toBe(1)
  expect(server.sessions[0]?.commands).toContainEqual(expect.stringMatching(/^MAIL FROM:<>/))
})

test('writes inline images inside related inside mixed, and fields that headers give', async () => {
  await using rig = new Rig(await freshDatabase())
  const sink = await rig.sink()
  const { api } = await rig.proxy(quick)
  await setUp(api, { smtpPort: sink.smtpPort })
  const rich = {
    ...{ to: 'a@x.test', body: undefined, body_html: '<img src="cid:logo@t.test">' },
    ...{ reply_to: 'key@t.test', message_id: 'key@t.test' },
    headers: {
      'X-Mailer': 'newsletters 3',
      'reply-to': 'answers@t.test',
      'Message-Id': '<own@t.test>',
      'X-None': null,
    },
    attachments: [
      {
        filename: 'logo.png',
        storage_path: 'base64:aGVsbG8=',
        content_id: '<logo@t.test>',
        mime_type: 'image/png',
      },
      { filename: 'terms.txt', storage_path: 'base64:aGVsbG8=' },
    ],
  }
  await enqueue(api, messages(1, rich))
  await sink.client.waitForCount(1, 5_000)
  const [message] = await sink.client.byEnvelopeTo('a@x.test')
  expect(message?.Content.Headers).toMatchObject({
    'X-Mailer': ['newsletters 3'],
    'Reply-To': ['answers@t.test'],
    'Message-ID': ['<own@t.test>'],
  })
  const { Data: data = '' } = message?.Raw ?? {}
  const order = [
    'multipart/mixed',
    'multipart/related',
    'text/html',
    'Content-ID: <logo@t.test>',
    'inline; filename=logo.png',
    'attachment; filename=terms.txt',
  ]
  const at = order.map((text) => data.indexOf(text))
  expect(
    at.every((place, n) => place !== -1 && (n === 0 || place > (at[n - 1] ?? 0))),
    JSON.stringify(at),
  ).toBe(true)
})
