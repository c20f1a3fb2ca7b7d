import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { testMail } from '../message.fixture.ts'
import type { Store } from '../store.ts'
import { storeOf } from './registry.ts'

const RECIPIENT = 'a@example.test'
const { signal } = new AbortController()

/** What a catcher that keeps the newest `keeps` messages answers to the requests of a look. */
const CATCHERS: Record<string, (kept: readonly number[], url: URL) => unknown> = {
  maildev(kept, { pathname, searchParams }) {
    if (pathname === '/api/email/summary') return { storeTotal: kept.length }
    const skip = Number(searchParams.get('skip'))
    return kept
      .slice(skip, skip + Number(searchParams.get('limit')))
      .map((number) => ({ id: `id-${number}`, envelope: { to: [{ address: RECIPIENT }] } }))
  },
  mailhog(kept, { searchParams }) {
    const start = Number(searchParams.get('start') ?? 0)
    const items = kept
      .toReversed()
      .slice(start, start + Number(searchParams.get('limit')))
      .map((number) => ({
        ID: `id-${number}`,
        Created: new Date(0).toISOString(),
        Raw: { To: [RECIPIENT], Data: testMail({ runId: 'a', number }).toString('latin1') },
      }))
    return { total: kept.length, count: items.length, items }
  },
  inbucket(kept) {
    return kept.map((number) => ({ mailbox: 'a', id: `20260101T0-${number}`, 'posix-millis': number }))
  },
  mailpit(kept, { pathname, searchParams }) {
    if (pathname === '/api/v1/webui') return { DuplicatesIgnored: false }
    if (pathname === '/api/v1/info') return {}
    const start = Number(searchParams.get('start') ?? 0)
    const messages = kept
      .toReversed()
      .slice(start, start + Number(searchParams.get('limit')))
      .map((number) => ({ ID: `id-${number}`, Created: new Date(0).toISOString(), Bcc: [] }))
    return { total: kept.length, messages }
  },
}

async function startCatcher(name: string) {
  let kept: number[] = []
  const server = createServer(({ url = '' }, response) => {
    const answer = CATCHERS[name]?.(kept, new URL(url, 'http://fake'))
    const number = Number(/-(\d+)\/(?:source|raw)$/.exec(url)?.[1] ?? Number.NaN)
    response.end(Number.isNaN(number) ? JSON.stringify(answer) : testMail({ runId: 'a', number }))
  })
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const context = { allowPublicTargets: false, note: () => undefined, recipients: () => [RECIPIENT] }
  const store = await storeOf(`${name}:http://127.0.0.1:${(server.address() as AddressInfo).port}`, context)
  if (store === undefined) throw new Error('no store')
  onTestFinished(() => store[Symbol.asyncDispose]())
  let count = 0
  const deliver = (messages: number, keeps: number) => {
    for (let sent = 0; sent < messages; sent++) kept.push(count++)
    kept = kept.slice(-keeps)
  }
  return { store, deliver }
}

const arrived = async (store: Store) => (await Array.fromAsync(store.arrivals('a', signal))).length

test.each([
  ['maildev', 'has dropped its oldest messages and keeps 10'],
  ['inbucket', 'keeps 10 messages to a mailbox: the oldest of a may have been gone'],
  // Both drop only when somebody deletes, or once a minute.
  ['mailhog', 'had 5 messages fewer from one look to the next'],
  ['mailpit', 'has deleted 5 messages since the run began and keeps 10'],
])('%s, empty before the load, drops its oldest during it: a glance finds out', async (name, why) => {
  const { store, deliver } = await startCatcher(name)
  await store.check()
  deliver(15, 15)
  await store.glance?.(signal)
  expect(store.limits()).toBeUndefined()
  deliver(0, 10)
  await store.glance?.(signal)
  expect(await arrived(store)).toBe(10)
  expect(store.limits()).toContain(why)
})

test.each(Object.keys(CATCHERS))(
  '%s that keeps all has no limit, however often it is looked at',
  async (name) => {
    const { store, deliver } = await startCatcher(name)
    await store.check()
    for (let look = 0; look < 3; look++) {
      deliver(5, 1_000)
      await store.glance?.(signal)
    }
    expect(await arrived(store)).toBe(15)
    expect(store.limits()).toBeUndefined()
  },
)
