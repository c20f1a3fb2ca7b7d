import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { testMail } from '../../message.fixture.ts'
import { type Delivery, testStore } from '../../store.contract.ts'
import { storeOf } from '../registry.ts'

interface Kept {
  readonly id: string
  readonly to: readonly string[]
  readonly receivedDate: string
  readonly octets: Buffer
}

/**
 * Answers as smtp4dev 3's documented API does (MessagesController, ServerController): the program itself is .NET, and
 * is not among what these tests can install.
 */
async function startDocumentedApi(keeps = 1_000_000) {
  const kept: Kept[] = []
  const server = createServer(({ url = '' }, response) => {
    const { pathname, searchParams } = new URL(url, 'http://fake')
    const json = (value: unknown) =>
      response.setHeader('content-type', 'application/json').end(JSON.stringify(value))
    if (pathname === '/api/Server') return json({ isRunning: true, numberOfMessagesToKeep: keeps })
    if (pathname === '/api/Messages') {
      const [page, size] = [Number(searchParams.get('page')), Number(searchParams.get('pageSize'))]
      const results = kept.toReversed().slice((page - 1) * size, page * size)
      return json({ rowCount: kept.length, results: results.map(({ octets: _, ...summary }) => summary) })
    }
    const id = /^\/api\/Messages\/([^/]+)\/download$/.exec(pathname)?.[1]
    const found = kept.find((mail) => mail.id === id)
    return found === undefined ? response.writeHead(404).end() : response.end(found.octets)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const notes: string[] = []
  const context = { allowPublicTargets: false, note: (line: string) => void notes.push(line) }
  const store = await storeOf(`smtp4dev:http://127.0.0.1:${port}`, context)
  if (store === undefined) throw new Error('no store')
  let count = 0
  return {
    store,
    notes,
    async deliver(mails: readonly Delivery[]) {
      for (const { recipient, octets } of mails)
        kept.push({ id: `id-${++count}`, to: [recipient], receivedDate: new Date().toISOString(), octets })
      kept.splice(0, Math.max(0, kept.length - keeps))
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
    },
  }
}

testStore({
  implementation: "smtp4dev's documented API",
  start: () => startDocumentedApi(),
  skip: [
    {
      reason: 'the stand-in looks through a list for each message',
      tests: ['finds 20,000 messages within 60 s, and keeps little of them in memory'],
    },
  ],
})

test('tells before the run how many it keeps, and in the end that it kept no more', async () => {
  await using running = await startDocumentedApi(100)
  const { store, notes, deliver } = running
  await store.check()
  expect(notes).toEqual(['smtp4dev keeps 100 messages; --messagestokeep=100000 keeps more.'])
  const mails = Array.from({ length: 130 }, (_, number) => ({
    recipient: 'a@example.test',
    octets: testMail({ runId: 'a', number }),
  }))
  await deliver(mails)
  const found = await Array.fromAsync(store.arrivals('a', new AbortController().signal))
  expect(found).toHaveLength(100)
  expect(store.limits()).toContain('keeps 100 messages')
})
