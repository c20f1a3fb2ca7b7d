import { expect, test } from 'vitest'
import { selfSignedCertificate } from '../../containers/certificate.ts'
import { say } from '../servers/script.ts'
import { ScriptedServer } from '../servers/scripted-server.ts'
import { freshDatabases } from './databases.ts'
import { enqueue, messages, Rig, setUp } from './rig.ts'

const freshDatabase = freshDatabases()
const soon = { timeout: 30_000, interval: 20 }
const quick = { syncIntervalMs: 50, retryDelaysMs: [60_000] }
const { certPem: cert, keyPem: key } = await selfSignedCertificate()

const offering = (...extensions: string[]) => [
  say('250-scripted', ...extensions.map((name) => `250-${name}`), '250 PIPELINING'),
]

test('logs in where the account has a user', async () => {
  await using rig = new Rig(await freshDatabase())
  const server = rig.use(await ScriptedServer.start({ ehlo: offering('AUTH PLAIN') }))
  const { api } = await rig.proxy(quick)
  await setUp(api, { smtpPort: server.port, account: { user: 'u', password: 'p' } })
  await enqueue(api, messages(1))
  await expect.poll(() => api.metric('gmp_sent_total'), soon).toBe(1)
  expect(server.sessions[0]?.commands[1]).toBe(`AUTH PLAIN ${Buffer.from('\0u\0p').toString('base64')}`)
})

test('does not try again with a login that was refused', async () => {
  await using rig = new Rig(await freshDatabase())
  const script = { ehlo: offering('AUTH PLAIN'), auth: [say('535 5.7.8 wrong')] }
  const [server, tenant] = [rig.use(await ScriptedServer.start(script)), await rig.tenant()]
  const { api } = await rig.proxy(quick)
  await setUp(api, { tenantUrl: tenant.url, smtpPort: server.port, account: { user: 'u', password: 'p' } })
  await enqueue(api, messages(1))
  await expect.poll(() => tenant.reports, soon).toMatchObject([{ error: '535 5.7.8 wrong' }])
})

test.each([
  ['STARTTLS', { use_tls: true }, { ehlo: offering('STARTTLS'), tls: { cert, key } }],
  ['implicit TLS', { use_ssl: true }, { tls: { cert, key, implicit: true } }],
])('sends by %s, on one session', async (_how, account, script) => {
  await using rig = new Rig(await freshDatabase())
  const server = rig.use(await ScriptedServer.start(script))
  const { api } = await rig.proxy({ ...quick, smtpTlsVerify: false, poolSize: 1 })
  await setUp(api, { smtpPort: server.port, account })
  await enqueue(api, messages(5))
  await expect.poll(() => api.metric('gmp_sent_total'), soon).toBe(5)
  expect(server.sessions).toMatchObject([
    { encrypted: true, messages: Array(5).fill({ mail: expect.anything() }) },
  ])
})

test('gives no mail to a server whose certificate nobody vouches for', async () => {
  await using rig = new Rig(await freshDatabase())
  const script = { ehlo: offering('STARTTLS'), tls: { cert, key } }
  const [server, tenant] = [rig.use(await ScriptedServer.start(script)), await rig.tenant()]
  const { api } = await rig.proxy(quick)
  await setUp(api, { tenantUrl: tenant.url, smtpPort: server.port, account: { use_tls: true } })
  await enqueue(api, messages(1))
  await expect
    .poll(() => tenant.reports, soon)
    .toMatchObject([{ deferred_reason: expect.stringMatching(/self-signed/) }])
  expect(server.sessions.flatMap((session) => session.messages)).toEqual([])
})

test('does not send in the clear to a server that has no TLS, when the account wants it', async () => {
  await using rig = new Rig(await freshDatabase())
  const [server, tenant] = [
    rig.use(await ScriptedServer.start({ starttls: [say('502 5.5.1 unknown')] })),
    await rig.tenant(),
  ]
  const { api } = await rig.proxy(quick)
  await setUp(api, { tenantUrl: tenant.url, smtpPort: server.port, account: { use_tls: true } })
  await enqueue(api, messages(1))
  await expect.poll(() => tenant.reports.length, soon).toBe(1)
  expect(server.sessions.flatMap((session) => session.messages)).toEqual([])
})

test('opens no more sessions to a server than its pool has, whatever accounts share it', async () => {
  await using rig = new Rig(await freshDatabase())
  const server = rig.use(await ScriptedServer.start())
  const { api } = await rig.proxy({ ...quick, poolSize: 3 })
  for (const tenantId of ['a', 'b', 'c']) await setUp(api, { tenantId, smtpPort: server.port })
  for (const tenantId of ['a', 'b', 'c']) await enqueue(api, messages(40, {}, tenantId))
  await expect.poll(() => api.metric('gmp_sent_total'), soon).toBe(120)
  expect(server.sessions.length).toBeLessThanOrEqual(3)
})

test('sends text of any kind as it was given', async () => {
  await using rig = new Rig(await freshDatabase())
  const sink = await rig.sink()
  const { api } = await rig.proxy(quick)
  await setUp(api, { smtpPort: sink.smtpPort })
  const bodies = ['.\n..\ndots', 'ümlaut €', `long ${'x'.repeat(2_000)}`, '', 'no end', 'end\n']
  await enqueue(
    api,
    bodies.map((body, n) => ({ ...messages(1)[0], id: `b${n}`, to: `b${n}@x.test`, body })),
  )
  await sink.client.waitForCount(bodies.length, 5_000)
  for (const [n, body] of bodies.entries()) {
    const [message] = await sink.client.byEnvelopeTo(`b${n}@x.test`)
    const encoding = message?.Content.Headers['Content-Transfer-Encoding']?.[0]
    const raw = message?.Content.Body ?? ''
    const decoded =
      encoding === 'quoted-printable'
        ? unquoted(raw)
        : encoding === 'base64'
          ? String(Buffer.from(raw, 'base64'))
          : raw
    expect(decoded.replaceAll('\r\n', '\n').replace(/\n$/, '')).toBe(body.replace(/\n$/, ''))
  }
})

/** RFC 2045 6.7. */
function unquoted(text: string): string {
  const bytes = text
    .replace(/=\r?\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1').toString('utf8')
}
