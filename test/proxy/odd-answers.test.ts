import { expect, test } from 'vitest'
import { raw, reset, say, wait } from '../servers/script.ts'
import { ScriptedServer } from '../servers/scripted-server.ts'
import { freshDatabases } from './databases.ts'
import { query } from './new-database.ts'
import { enqueue, messages, Rig, setUp } from './rig.ts'

const freshDatabase = freshDatabases()
const soon = { timeout: 30_000, interval: 20 }
const quick = { syncIntervalMs: 50, retryDelaysMs: [100, 100], sendLoopIntervalMs: 50 }
const taken = [say('250 ok')]

test.each([
  ['a NUL', '550 5.1.1 bad\0guy\r\n', '550 5.1.1 bad guy'],
  ['octets that are no UTF-8', '550 5.1.1 bad\xff\xedguy\r\n', /^550 5\.1\.1 bad/],
  ['an escape sequence', '550 5.1.1 \x1b[2Jbad guy\r\n', '550 5.1.1 bad guy'],
  ['many long lines', `${`550-${'x'.repeat(1_000)}\r\n`.repeat(80)}550 end\r\n`, /^550 x{300,500}/],
])('delivers once and reports the refusal when it has %s', async (_what, octets, reason) => {
  await using rig = new Rig(await freshDatabase())
  const script = { rcpt: { first: [taken, [raw(octets)]] } }
  const [server, tenant] = [rig.use(await ScriptedServer.start(script)), await rig.tenant()]
  const { api } = await rig.proxy(quick)
  await setUp(api, { tenantUrl: tenant.url, smtpPort: server.port })
  await enqueue(api, messages(1, { to: ['a@x.test', 'b@x.test'] }))
  await expect.poll(() => tenant.reports.length, soon).toBe(1)
  expect(tenant.reports).toMatchObject([{ refused_recipients: [{ address: 'b@x.test' }] }])
  const [refused] = (tenant.reports[0]?.refused_recipients ?? []) as { reason: string }[]
  expect(refused?.reason).toEqual(typeof reason === 'string' ? reason : expect.stringMatching(reason))
  expect(server.sessions.flatMap((session) => session.messages)).toHaveLength(1)
  const [row] = await query(
    rig.databaseUrl,
    'SELECT length(recipients_done::text) AS length, claims FROM messages',
  )
  expect(row?.length).toBeLessThan(1_000)
})

test('gives the rest of 950 recipients to the next transaction at once, when a server takes 100', async () => {
  await using rig = new Rig(await freshDatabase())
  const first = Array.from({ length: 950 }, (_, n) =>
    n < 100 ? taken : [say('452 4.5.3 too many recipients')],
  )
  const [server, tenant] = [rig.use(await ScriptedServer.start({ rcpt: { first } })), await rig.tenant()]
  const { api } = await rig.proxy({ ...quick, retryDelaysMs: [60_000] })
  await setUp(api, { tenantUrl: tenant.url, smtpPort: server.port })
  const to = Array.from({ length: 950 }, (_, n) => `u${n}@x.test`)
  await enqueue(api, messages(1, { to }))
  await expect.poll(() => tenant.reports.length, soon).toBe(1)
  expect(tenant.reports).toMatchObject([{ id: 't-000000', sent_ts: expect.any(Number) }])
  expect(tenant.reports[0]).not.toHaveProperty('refused_recipients')
  const delivered = server.sessions.flatMap((session) => session.messages)
  // Nobody twice, nobody left out: the server records whom it has taken.
  expect(delivered.flatMap(({ rcpt }) => rcpt.map((line) => line.slice(9, -1)))).toEqual(to)
  expect(delivered).toHaveLength(10)
})

test('uses up no retry with an attempt that somebody got the message by', async () => {
  await using rig = new Rig(await freshDatabase())
  const later = [say('450 4.2.0 greylisted')]
  // Each attempt but the last brings it to one recipient; there is one retry.
  const first = [taken, later, later, later, taken, later, later, taken, later, taken]
  const [server, tenant] = [rig.use(await ScriptedServer.start({ rcpt: { first } })), await rig.tenant()]
  const { api } = await rig.proxy({ ...quick, retryDelaysMs: [50] })
  await setUp(api, { tenantUrl: tenant.url, smtpPort: server.port })
  await enqueue(api, messages(1, { to: ['a@x.test', 'b@x.test', 'c@x.test', 'd@x.test'] }))
  await expect.poll(() => tenant.idsOf('sent_ts').length, soon).toBe(1)
  expect(tenant.reports.at(-1)).not.toHaveProperty('refused_recipients')
})

test('gives it to nobody twice when the connection breaks between two transactions of a message', async () => {
  await using rig = new Rig(await freshDatabase())
  const tooMany = [say('452 4.5.3 too many recipients')]
  const script = { rcpt: { first: [taken, tooMany, tooMany, [reset]] } }
  const [server, tenant] = [rig.use(await ScriptedServer.start(script)), await rig.tenant()]
  const { api } = await rig.proxy(quick)
  await setUp(api, { tenantUrl: tenant.url, smtpPort: server.port })
  await enqueue(api, messages(1, { to: ['a@x.test', 'b@x.test', 'c@x.test'] }))
  await expect.poll(() => tenant.idsOf('sent_ts').length, soon).toBe(1)
  const delivered = server.sessions.flatMap((session) => session.messages).flatMap(({ rcpt }) => rcpt)
  expect(delivered.toSorted()).toEqual(['a', 'b', 'c'].map((name) => `RCPT TO:<${name}@x.test>`))
})

test.each([
  ['unknown', '550 5.1.1 unknown', [{ address: 'b@x.test', reason: '550 5.1.1 unknown' }]],
  ['full', '452 4.2.2 mailbox full', [{ address: 'b@x.test', reason: /^max retries exceeded: 452 4\.2\.2/ }]],
])('asks about the others at once although all of a transaction are %s', async (_what, reply, refused) => {
  await using rig = new Rig(await freshDatabase())
  const tooMany = [say('452 4.5.3 too many recipients')]
  // As one that takes one recipient at a time.
  const first = [taken, tooMany, tooMany, tooMany, [say(reply)], taken, taken, [say(reply)]]
  const [server, tenant] = [rig.use(await ScriptedServer.start({ rcpt: { first } })), await rig.tenant()]
  const { api } = await rig.proxy({ ...quick, retryDelaysMs: [100] })
  await setUp(api, { tenantUrl: tenant.url, smtpPort: server.port })
  await enqueue(api, messages(1, { to: ['a@x.test', 'b@x.test', 'c@x.test', 'd@x.test'] }))
  await expect.poll(() => server.sessions.flatMap((session) => session.messages).length, soon).toBe(3)
  if (reply.startsWith('5')) {
    await expect.poll(() => tenant.reports, soon).toMatchObject([{ refused_recipients: refused }])
    return
  }
  // Only the one that may be taken later waits.
  await expect.poll(() => tenant.idsOf('sent_ts').length, soon).toBe(1)
  const rcpt = server.sessions.flatMap((session) => session.messages).flatMap((message) => message.rcpt)
  expect(rcpt.slice(0, 3)).toEqual(['a', 'c', 'd'].map((name) => `RCPT TO:<${name}@x.test>`))
  expect(tenant.reports[0]?.deferred_reason).toBe(reply)
})

test('does not ask a server that takes nobody more about each of the others', async () => {
  await using rig = new Rig(await freshDatabase())
  const tooMany = [say('452 4.5.3 too many recipients')]
  const first = [taken, ...Array.from({ length: 10 }, () => tooMany)]
  const [server, tenant] = [rig.use(await ScriptedServer.start({ rcpt: { first } })), await rig.tenant()]
  const { api } = await rig.proxy({ ...quick, retryDelaysMs: [60_000] })
  await setUp(api, { tenantUrl: tenant.url, smtpPort: server.port })
  await enqueue(api, messages(1, { to: ['a@x.test', 'b@x.test', 'c@x.test', 'd@x.test'] }))
  await expect
    .poll(() => tenant.reports, soon)
    .toMatchObject([{ deferred_reason: '452 4.5.3 too many recipients' }])
  expect(server.mailTimesMs).toHaveLength(2)
})

test('reports as delivered what was in DATA when its account was deleted', { tags: 'long' }, async () => {
  await using rig = new Rig(await freshDatabase())
  const [server, tenant] = [
    rig.use(await ScriptedServer.start({ dot: [wait(1_000), say('250 taken')] })),
    await rig.tenant(),
  ]
  const { api } = await rig.proxy(quick)
  await setUp(api, { tenantUrl: tenant.url, smtpPort: server.port })
  await enqueue(api, messages(1))
  await expect.poll(() => server.sessions.flatMap(({ messages: all }) => all).length, soon).toBe(1)
  expect((await api.delete('/account/smtp?tenant_id=t')).status).toBe(200)
  await expect.poll(() => tenant.reports.length, soon).toBe(1)
  expect(tenant.reports).toMatchObject([{ id: 't-000000', sent_ts: expect.any(Number) }])
})

const offering = (...keywords: string[]) => [
  say('250-scripted', ...keywords.map((word) => `250-${word}`), '250 PIPELINING'),
]

test('tells a server the size of a message, and the size is right', async () => {
  await using rig = new Rig(await freshDatabase())
  const server = rig.use(await ScriptedServer.start({ ehlo: offering('SIZE 100000') }))
  const { api } = await rig.proxy(quick)
  await setUp(api, { smtpPort: server.port })
  await enqueue(api, [
    ...messages(1, { id: 'plain', body: '.dots\n..\nat the begin' }),
    ...messages(1, {
      id: 'rich',
      body: 'ümlaut',
      attachments: [{ filename: 'a.bin', storage_path: 'base64:aGVsbG8=' }],
    }),
  ])
  await expect.poll(() => server.sessions.flatMap((session) => session.messages).length, soon).toBe(2)
  for (const { mail, octets } of server.sessions.flatMap((session) => session.messages))
    expect(mail).toBe(`MAIL FROM:<noreply@t.test> SIZE=${octets.length}`)
})

test('fails at once, without a transaction, with a message that is larger than the server takes', async () => {
  await using rig = new Rig(await freshDatabase())
  const [server, tenant] = [
    rig.use(await ScriptedServer.start({ ehlo: offering('SIZE 2000') })),
    await rig.tenant(),
  ]
  const { api } = await rig.proxy(quick)
  await setUp(api, { tenantUrl: tenant.url, smtpPort: server.port })
  await enqueue(api, [
    ...messages(1, { id: 'text', body: 'x'.repeat(3_000) }),
    ...messages(1, {
      id: 'inline',
      attachments: [{ filename: 'a', storage_path: `base64:${'A'.repeat(600_000)}` }],
    }),
  ])
  await expect.poll(() => tenant.reports.length, soon).toBe(2)
  for (const { error } of tenant.reports) expect(error).toMatch(/has \d+ octets, the server takes 2000/)
  expect(server.mailTimesMs).toEqual([])
})

test('does not finish a message that grows larger than the server takes while it comes', async () => {
  await using rig = new Rig(await freshDatabase())
  const [server, tenant] = [
    rig.use(await ScriptedServer.start({ ehlo: offering('SIZE 20000') })),
    await rig.tenant(),
  ]
  tenant.files = (_, response) => void response.end(Buffer.alloc(200_000, 1))
  const { api } = await rig.proxy(quick)
  await setUp(api, { tenantUrl: tenant.url, smtpPort: server.port })
  await enqueue(api, messages(1, { attachments: [{ filename: 'a', storage_path: 'large' }] }))
  await expect
    .poll(() => tenant.reports, soon)
    .toMatchObject(
      [{ error: /the server takes 20000/ }].map(({ error }) => ({ error: expect.stringMatching(error) })),
    )
  expect(server.sessions.flatMap((session) => session.messages)).toEqual([])
})
