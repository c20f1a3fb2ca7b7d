import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { setupServer } from 'msw/node'
import { Agent, request } from 'undici'
import { expect, onTestFinished, test } from 'vitest'
import { Attachments } from '../proxy/attachments/attachments.ts'
import { readSubmission } from '../proxy/intake/mail.ts'
import { Log } from '../proxy/log.ts'
import { Metrics } from '../proxy/metrics.ts'
import { proxyConfig } from '../proxy/options.ts'
import { TenantCaller } from '../proxy/sync/tenant-caller.ts'
import { fakeTenants, tenantHandlers } from './fake-tenants.ts'
import { peer } from './http-peer.fixture.ts'
import { createTenant } from './tenant.ts'
import { tenantFaceContract } from './tenant-face.contract.ts'

const BASE = 'http://tenant-standard.test'

tenantFaceContract('a tenant faked by msw', async (tenant) => {
  const agent = new Agent()
  const { intercept } = fakeTenants([{ tenant, baseUrl: BASE }])
  return { baseUrl: BASE, dispatcher: agent.compose(intercept), [Symbol.asyncDispose]: () => agent.destroy() }
})

const PLAIN = { profile: 'standard', attachmentShare: 1, maxAttachmentBytes: 300_000, dndShare: 0 } as const

test('answers the sync calls of our proxy, and its fetches of attachments', async () => {
  const tenant = createTenant(PLAIN)
  const { intercept } = fakeTenants([{ tenant, baseUrl: BASE }])
  const caller = new TenantCaller({
    syncTimeoutMs: 5_000,
    reportKey: 'both',
    maxBodyBytes: 1e7,
    httpUrlPrivate: false,
    intercept,
  })
  onTestFinished(() => caller.close())
  const config = proxyConfig({ databaseUrl: 'postgres://x/y' })
  const attachments = await Attachments.open({
    config,
    metrics: new Metrics(),
    log: new Log('silent'),
    intercept,
  })
  onTestFinished(() => attachments.close())
  const client = {
    baseUrl: BASE,
    syncPath: '/sync',
    attachmentPath: '/attachments',
    auth: null,
    fenced: false,
  }
  const signal = new AbortController().signal
  const { messages } = await caller.call(client, [], signal)
  const [message] = [...tenant.books.handedOver()]
  const { mail } = readSubmission(messages[0])
  using open = await attachments.of(
    { mail, client, tenantId: 't', pk: '1', id: 'm', largeFiles: null },
    signal,
  )
  const [item = expect.fail()] = open.items
  const content = Buffer.isBuffer(item.content) ? item.content : await buffer(item.content)
  const [expected] = message?.attachments ?? []
  // Its MD5 was checked by the proxy on the way, which throws when it is another.
  expect({ filename: item.filename, sizeBytes: content.length }).toMatchObject({
    filename: expected?.filename,
    sizeBytes: expected?.sizeBytes,
  })
  await caller.call(client, [{ id: message?.id ?? '', sent_ts: 1_700_000_000 }], signal)
  expect(tenant.books.outcomeOf(message?.id ?? '')).toMatchObject({
    sent: { ts: 1_700_000_000 },
    repeated: 0,
  })
})

test('lets requests to others go on to the network', async () => {
  const other = await peer((_asked, response) => response.end('{"other":true}'))
  const { intercept } = fakeTenants([{ tenant: createTenant(PLAIN), baseUrl: BASE }])
  const agent = new Agent()
  onTestFinished(() => agent.destroy())
  const { body } = await request(other.url, { dispatcher: agent.compose(intercept) })
  expect(await body.json()).toEqual({ other: true })
})

test('gives each tenant the requests to its own host', async () => {
  const tenants = ['a', 'b'].map((name) => createTenant({ ...PLAIN, tenantId: `tenant-${name}` }))
  const hosts = tenants.map((tenant) => ({ tenant, baseUrl: `http://${tenant.facts.tenantId}.test:8080` }))
  const agent = new Agent()
  onTestFinished(() => agent.destroy())
  const dispatcher = agent.compose(fakeTenants(hosts).intercept)
  for (const { baseUrl, tenant } of hosts) {
    const { body } = await request(`${baseUrl}/health`, { dispatcher })
    expect(await body.json()).toMatchObject({ tenant_id: tenant.facts.tenantId })
  }
})

test('ends a call that is given up while the tenant takes its time', async () => {
  const waiting = Promise.withResolvers<void>()
  const clock = { epochMs: () => Date.now(), wait: () => waiting.promise }
  const tenant = createTenant({ ...PLAIN, responseDelayMs: 60_000, clock })
  const agent = new Agent()
  onTestFinished(() => agent.destroy())
  const dispatcher = agent.compose(fakeTenants([{ tenant, baseUrl: BASE }]).intercept)
  const call = request(`${BASE}/sync`, {
    method: 'POST',
    body: '{}',
    dispatcher,
    signal: AbortSignal.timeout(50),
  })
  await expect(call).rejects.toThrow('aborted due to timeout')
  waiting.resolve()
  await expect.poll(() => tenant.syncs.map(({ outcome }) => outcome)).toEqual(['broken'])
  expect(tenant.books.handedOverCount).toBe(0)
})

test('says that it takes no streams', async () => {
  const agent = new Agent()
  onTestFinished(() => agent.destroy())
  const dispatcher = agent.compose(fakeTenants([{ tenant: createTenant(PLAIN), baseUrl: BASE }]).intercept)
  const call = request(`${BASE}/sync`, { method: 'POST', body: Readable.from(['{}']), dispatcher })
  await expect(call).rejects.toThrow('text or bytes, not a stream')
})

test('has handlers that fetch is answered by under setupServer', async () => {
  const server = setupServer(...tenantHandlers(createTenant(PLAIN), BASE))
  server.listen({ onUnhandledFrame: 'error' })
  onTestFinished(() => server.close())
  expect(await (await fetch(`${BASE}/health`)).json()).toMatchObject({
    ok: true,
    tenant_id: 'tenant-standard',
  })
  await expect(fetch('http://another.test/')).rejects.toThrow()
})
