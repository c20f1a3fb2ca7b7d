import { expect, test } from 'vitest'
import { close, say } from '../servers/script.ts'
import { ScriptedServer } from '../servers/scripted-server.ts'
import { freshDatabases } from './databases.ts'
import { enqueue, messages, Rig, setUp } from './rig.ts'

const freshDatabase = freshDatabases()
const soon = { timeout: 30_000, interval: 20 }
/** Reports come quickly, and a retry too. */
const quick = { syncIntervalMs: 50, retryDelaysMs: [100, 100], sendLoopIntervalMs: 50 }

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
  const script = { idleSteps: [say('421 idle too long'), close] }
  const [server, tenant] = [rig.use(await ScriptedServer.start(script)), await rig.tenant()]
  const { api } = await rig.proxy(quick)
  await setUp(api, { tenantUrl: tenant.url, smtpPort: server.port })
  const [first, second] = messages(2)
  await enqueue(api, [first ?? {}])
  await expect.poll(() => tenant.idsOf('sent_ts').length, soon).toBe(1)
  await server.endIdle()
  await enqueue(api, [second ?? {}])
  await expect.poll(() => tenant.idsOf('sent_ts').length, soon).toBe(2)
  expect(tenant.idsOf('deferred_ts')).toEqual([])
  expect(server.sessions.map((session) => session.messages.length)).toEqual([1, 1])
})
