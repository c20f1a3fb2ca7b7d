import { ImapFlow } from 'imapflow'
import { expect, onTestFinished, test } from 'vitest'
import { say } from '../servers/script.ts'
import { ScriptedServer } from '../servers/scripted-server.ts'
import type { ApiClient } from './api-client.ts'
import { freshDatabases } from './databases.ts'
import { Dovecot, noDovecot } from './dovecot.ts'
import { enqueue, messages, Rig, setUp } from './rig.ts'

const freshDatabase = freshDatabases()
const soon = { timeout: 30_000, interval: 50 }
const quick = { syncIntervalMs: 100 }

async function mailbox(): Promise<{ readonly dovecot: Dovecot; readonly client: ImapFlow }> {
  const dovecot = await Dovecot.start()
  const { port, user, password: pass } = dovecot
  const client = new ImapFlow({ host: '127.0.0.1', port, secure: false, auth: { user, pass }, logger: false })
  client.on('error', () => {})
  await client.connect()
  onTestFinished(async () => {
    client.close()
    await dovecot[Symbol.asyncDispose]()
  })
  return { dovecot, client }
}

function readFrom(api: ApiClient, { port, user, password }: Dovecot, change: object = {}) {
  return api.put('/instance', {
    bounce_enabled: true,
    bounce_imap_host: '127.0.0.1',
    bounce_imap_port: port,
    bounce_imap_user: user,
    bounce_imap_password: password,
    bounce_imap_ssl: false,
    bounce_poll_interval: 1,
    ...change,
  })
}

/** The report of a server that took a message and could not deliver it. */
function reportOn(data: string, recipient = 'user-0@example.com'): string {
  const [header = ''] = data.split('\r\n\r\n')
  return [
    ...['From: MAILER-DAEMON@mx.test', 'To: bounces@t.test', 'Subject: Undelivered', 'MIME-Version: 1.0'],
    ...[
      'Content-Type: multipart/report; report-type=delivery-status; boundary=b',
      '',
      '--b',
      '',
      'Sorry.',
      '--b',
    ],
    ...['Content-Type: message/delivery-status', '', 'Reporting-MTA: dns; mx.test', ''],
    ...[`Final-Recipient: rfc822; ${recipient}`, 'Action: failed', 'Status: 5.1.1'],
    ...['Diagnostic-Code: smtp; 550 5.1.1 no such user', '', '--b', 'Content-Type: text/rfc822-headers', ''],
    ...[header, '', '--b--', ''],
  ].join('\r\n')
}

test.skipIf(noDovecot !== undefined)(
  'reports what came back to the mailbox to the tenant whose message it was, once, with three proxies',
  { tags: 'long', timeout: 60_000 },
  async () => {
    const { dovecot, client } = await mailbox()
    await using rig = new Rig(await freshDatabase())
    const [sink, one, other] = [await rig.sink(), await rig.tenant(), await rig.tenant()]
    const { api } = await rig.proxy(quick)
    await rig.proxy(quick)
    await rig.proxy(quick)
    // Both tenants have a message of this id.
    for (const [tenantId, tenant] of Object.entries({ one, other }))
      await setUp(api, { tenantId, tenantUrl: tenant.url, smtpPort: sink.smtpPort })
    for (const tenantId of ['one', 'other'])
      await enqueue(
        api,
        messages(2, {}, tenantId).map((m, n) => ({ ...m, id: `m${n}` })),
      )
    await sink.client.waitForCount(4, 10_000)
    const sent = await sink.client.byEnvelopeTo('user-0@example.com')
    const ofOne = sent.find(({ Raw }) => Raw.From === 'noreply@one.test')?.Raw.Data ?? ''
    await client.append('INBOX', 'Subject: no bounce\r\n\r\nx\r\n')
    await client.append('INBOX', reportOn(ofOne))
    await client.append('INBOX', reportOn('X-Genro-Mail-ID: m0\r\nMessage-ID: <forged@x.test>'))
    await client.append('INBOX', reportOn(ofOne))
    expect(await readFrom(api, dovecot)).toMatchObject({ status: 200 })
    const bounces = () => one.reports.filter((report) => report.bounce_ts !== undefined)
    await expect.poll(bounces, soon).toMatchObject([
      {
        ...{ id: 'm0', bounce_type: 'hard', bounce_code: '5.1.1', bounce_recipient: 'user-0@example.com' },
        bounce_reason: '550 5.1.1 no such user',
      },
    ])
    // Read again from the beginning: nothing new comes of it.
    await client.append('INBOX', reportOn(ofOne, 'late@example.com'))
    await expect
      .poll(() => bounces().map((report) => report.bounce_recipient), soon)
      .toEqual(['user-0@example.com', 'late@example.com'])
    expect(other.reports.filter((report) => report.bounce_ts !== undefined)).toEqual([])
    const lock = await client.getMailboxLock('INBOX')
    const flags = await client.fetchAll('1:*', { flags: true })
    lock.release()
    expect(flags.flatMap((mail) => [...(mail.flags ?? [])]).filter((flag) => flag === '\\Seen')).toEqual([])
  },
)

test.skipIf(noDovecot !== undefined)(
  'goes on without the mailbox while that refuses the password',
  async () => {
    const { dovecot, client } = await mailbox()
    await using rig = new Rig(await freshDatabase())
    const [sink, tenant] = [await rig.sink(), await rig.tenant()]
    const { api } = await rig.proxy(quick)
    await setUp(api, { tenantUrl: tenant.url, smtpPort: sink.smtpPort })
    await readFrom(api, dovecot, { bounce_imap_password: 'wrong' })
    await enqueue(api, messages(1))
    await expect.poll(() => tenant.idsOf('sent_ts'), soon).toEqual(['t-000000'])
    const [message] = await sink.client.byEnvelopeTo('user-0@example.com')
    await client.append('INBOX', reportOn(message?.Raw.Data ?? ''))
    await readFrom(api, dovecot)
    expect((await api.post('/instance/reload-bounce')).body).toEqual({ ok: true })
    await expect
      .poll(() => tenant.reports.filter((report) => report.bounce_ts !== undefined), soon)
      .toHaveLength(1)
  },
)

test('sends with the return path of bounces what names none of its own', async () => {
  await using rig = new Rig(await freshDatabase())
  const server = rig.use(await ScriptedServer.start({ ehlo: [say('250 scripted')] }))
  const { api } = await rig.proxy(quick)
  await setUp(api, { smtpPort: server.port })
  const settings = { bounce_enabled: true, bounce_return_path: 'bounces@t.test' }
  expect(await api.post('/instance/reload-bounce')).toMatchObject({ status: 200 })
  expect(await api.put('/instance', settings)).toMatchObject({ status: 200 })
  expect(await api.post('/instance/reload-bounce')).toMatchObject({ status: 400 })
  expect(await api.put('/instance', { bounce_return_path: 'nobody' })).toMatchObject({ status: 422 })
  await enqueue(api, [
    ...messages(1),
    ...messages(1, { id: 'own', return_path: 'own@t.test' }),
    ...messages(1, { id: 'null', return_path: '<>' }),
  ])
  await expect.poll(() => api.metric('gmp_sent_total'), soon).toBe(3)
  const mails = server.sessions.flatMap(({ commands }) => commands).filter((line) => line.startsWith('MAIL'))
  expect(mails.toSorted()).toEqual(['MAIL FROM:<>', 'MAIL FROM:<bounces@t.test>', 'MAIL FROM:<own@t.test>'])
})
