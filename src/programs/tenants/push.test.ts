import { expect, test } from 'vitest'
import { type Asked, peer } from './http-peer.fixture.ts'
import { createTenant, type Tenant } from './tenant.ts'

const PLAIN = { profile: 'standard', messagesPerSync: 10, attachmentShare: 0, dndShare: 0 } as const

function pushing(proxyUrls: readonly string[], more: object = {}): Tenant {
  return createTenant({
    ...PLAIN,
    intake: { style: 'push', proxyUrls: [...proxyUrls], token: 'secret-1' },
    ...more,
  })
}

async function call(tenant: Tenant): Promise<Record<string, unknown>> {
  const { settle, body } = await tenant.sync({})
  settle(true)
  return JSON.parse(body) as Record<string, unknown>
}

const idsOf = ({ body }: Asked) => (body.messages as { id: string }[]).map(({ id }) => id)
const OK = JSON.stringify({ ok: true, queued: 1, rejected: [] })

test('has given its messages to the proxy before it answers the sync call', async () => {
  const proxy = await peer((_asked, response) => response.end(OK))
  const tenant = pushing([proxy.url])
  const answer = await call(tenant)
  const [{ path, token } = expect.fail()] = proxy.asked
  expect({ path, token }).toEqual({ path: '/commands/add-messages', token: 'secret-1' })
  expect([...tenant.books.handedOver()].map(({ id }) => id)).toEqual(proxy.asked.flatMap(idsOf))
  expect(answer).toEqual({ ok: true, processed: 0, queued: 0 })
})

test('says how many it just pushed in the dialect of genro, as clients of the real proxy do', async () => {
  const proxy = await peer((_asked, response) => response.end(OK))
  const tenant = pushing([proxy.url], { dialect: 'genro' })
  expect(await call(tenant)).toMatchObject({ ok: true, queued: tenant.books.handedOverCount })
})

test('gives at most 1,000 messages in a call, to one proxy after the other', async () => {
  const proxies = await Promise.all([1, 2].map(() => peer((_asked, response) => response.end(OK))))
  const tenant = pushing(
    proxies.map(({ url }) => url),
    { messagesPerSync: 2_500, maxMessages: 2_300 },
  )
  while (tenant.stats().messages_generated < 2_300) await call(tenant)
  const sizes = proxies.map(({ asked }) => asked.map((one) => idsOf(one).length))
  expect(sizes.flat().every((size) => size <= 1_000)).toBe(true)
  expect(sizes.flat().reduce((sum, size) => sum + size, 0)).toBe(2_300)
  expect(sizes.every((one) => one.length > 0)).toBe(true)
})

test('records refused messages with the reason', async () => {
  const proxy = await peer((asked, response) => {
    const [id] = idsOf(asked)
    response.end(
      JSON.stringify({ ok: true, queued: 9, rejected: [{ id, reason: 'account not found for tenant' }] }),
    )
  })
  const tenant = pushing([proxy.url])
  await call(tenant)
  const [first, ...rest] = proxy.asked.flatMap(idsOf)
  expect(tenant.books.refused()).toEqual([{ id: first, reason: 'account not found for tenant' }])
  expect([...tenant.books.handedOver()].map(({ id }) => id)).toEqual(rest)
})

test('takes "already sent" for a refusal when it offers the message for the first time', async () => {
  const proxy = await peer((asked, response) => {
    const rejected = idsOf(asked).map((id) => ({ id, reason: 'already sent' }))
    response.end(JSON.stringify({ ok: true, queued: 0, rejected }))
  })
  const tenant = pushing([proxy.url])
  await call(tenant)
  expect(tenant.books.handedOverCount).toBe(0)
  expect(tenant.books.refused().length).toBeGreaterThan(0)
})

test.each([
  ['the proxy breaks the connection', (response: { destroy(): void }) => response.destroy()],
  [
    'the proxy answers 503',
    (response: import('node:http').ServerResponse) => response.writeHead(503).end('away'),
  ],
])('offers the same messages again when %s, and then takes "already sent" for a yes', async (_why, fail) => {
  const proxy = await peer((asked, response) => {
    if (proxy.asked.length === 1) return fail(response)
    const rejected = idsOf(asked)
      .filter((id) => idsOf(proxy.asked[0] ?? expect.fail()).includes(id))
      .map((id) => ({ id, reason: 'already sent' }))
    response.end(JSON.stringify({ ok: true, queued: 1, rejected }))
  })
  const tenant = pushing([proxy.url])
  const offered = await call(tenant).then(() => tenant.books.uncertain())
  expect(offered.length).toBeGreaterThan(0)
  expect(tenant.books.handedOverCount).toBe(0)
  await call(tenant)
  expect(tenant.books.uncertain()).toEqual([])
  expect([...tenant.books.handedOver()].map(({ id }) => id).slice(0, offered.length)).toEqual(offered)
  expect(tenant.stats().errors).toBe(1)
})

test('notes all as refused when the proxy refuses the call', async () => {
  const proxy = await peer((_asked, response) =>
    response.writeHead(422).end('{"detail":[{"msg":"missing from"}]}'),
  )
  const tenant = pushing([proxy.url])
  await call(tenant)
  expect(tenant.books.handedOverCount).toBe(0)
  const [{ reason } = expect.fail()] = tenant.books.refused()
  expect(reason).toContain('HTTP 422: {"detail":[{"msg":"missing from"}]}')
})

test('reads the refusals of a 400, which stand under detail', async () => {
  const proxy = await peer((asked, response) => {
    const rejected = idsOf(asked).map((id) => ({ id, reason: 'missing to' }))
    response.writeHead(400).end(JSON.stringify({ detail: { error: 'no message was queued', rejected } }))
  })
  const tenant = pushing([proxy.url])
  await call(tenant)
  expect(tenant.books.refused()[0]?.reason).toBe('missing to')
})

test('a list of refusals with odd items refuses the messages that it names, with a clean reason', async () => {
  const proxy = await peer((asked, response) => {
    const [id] = idsOf(asked)
    const rejected = [null, 3, { reason: 'nameless' }, { id, reason: '\u001b[2Jno account' }]
    response.end(JSON.stringify({ ok: true, queued: 9, rejected }))
  })
  const tenant = pushing([proxy.url])
  await call(tenant)
  const [first, ...others] = proxy.asked.flatMap(idsOf)
  expect(tenant.books.refused()).toEqual([{ id: first, reason: 'no account' }])
  expect([...tenant.books.handedOver()].map(({ id }) => id)).toEqual(others)
})
