import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import type { RunningSmtpServer } from '../smtp-server.ts'
import { KeeperClient, serveKeeper } from './api.ts'
import type { KeptService } from './service-keeper.ts'

test('status tells the CPU between two readings of its own, however long ago the last one was', async () => {
  let readings = 0
  const busy = {
    name: 'busy',
    address: 'smtp://127.0.0.1:2525',
    state: 'running',
    restarts: 0,
    // The first reading of a process cannot know its CPU use.
    usage: async () => ({ cpuPercent: readings++ === 0 ? 0 : 42, memoryBytes: 1_024 }),
  } as unknown as KeptService
  const { server, port } = await serveKeeper([busy], [])
  onTestFinished(() => void server.close())
  const response = await fetch(`http://127.0.0.1:${port}/status`)
  expect(await response.json()).toMatchObject([{ name: 'busy', cpu_percent: 42, memory_bytes: 1_024 }])
  expect(readings).toBe(2)
})

const FAR_TOO_MANY = 1_000_000

/** The API of a server with far more entries than fit into the buffers of a connection. */
async function servedEntries(upTo = FAR_TOO_MANY) {
  const served = { entries: 0 }
  const left = Promise.withResolvers<void>()
  const current = {
    async *entries() {
      try {
        for (; served.entries < upTo; served.entries++) {
          // As a file is read: with turns of the event loop in between.
          if (served.entries % 1_000 === 0) await nextTurn()
          yield { id: `a-${served.entries}`, bytes: 1, intact: true }
        }
        if (upTo < FAR_TOO_MANY) throw new Error('the ledger cannot be read')
      } finally {
        left.resolve()
      }
    },
  }
  const kept = { name: 'smtp-server-1', current } as unknown as KeptService<RunningSmtpServer>
  const { server, port } = await serveKeeper([], [kept])
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { client: new KeeperClient({ apiPort: port }), served, left: left.promise }
}

test('reads no more of a ledger than its client does', async () => {
  const { client, served, left } = await servedEntries()
  for await (const _ of client.entries('smtp-server-1', 'a')) break
  await left
  expect(served.entries).toBeLessThan(FAR_TOO_MANY)
})

test('breaks off a ledger that cannot be read to its end, so that it is not taken for complete', async () => {
  const { client } = await servedEntries(10)
  const read = async () => {
    for await (const entry of client.entries('smtp-server-1', 'a')) expect(entry.id).toMatch(/^a-\d$/)
  }
  await expect(read()).rejects.toThrow('terminated')
})
