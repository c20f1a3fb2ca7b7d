import { expect, test, vi } from 'vitest'
import { RawClient } from '../src/programs/smtp-server/raw-client.fixture.ts'
import { startEmbeddedFleet, startFleet } from './fleet.ts'
import type { Service } from './service.ts'
import type { RunningSmtpServer } from './smtp-server.ts'

test('boots the servers asked for, each with its name, domain and port, and stops them all', async () => {
  const fleet = await startEmbeddedFleet({ servers: 3, maxConnections: 5 })
  const { servers } = fleet
  expect(servers.map(({ name }) => name)).toEqual(['smtp-server-1', 'smtp-server-2', 'smtp-server-3'])
  const greetings = await Promise.all(servers.map(({ port }) => new RawClient(port).reply()))
  expect(greetings).toEqual([1, 2, 3].map((k) => `220 smtp${k}.test.local ESMTP`))
  expect(new Set(servers.map(({ port }) => port)).size).toBe(3)
  expect(new Set(servers.map(({ ca }) => ca)).size).toBe(1)
  await fleet.stop()
  expect(await Promise.all(servers.map(({ port }) => new RawClient(port).reply()))).toEqual(['', '', ''])
})

test('listens on consecutive ports from the one given', async () => {
  // Below the range from which the kernel picks ports of outgoing connections.
  const port = 20_000 + (process.pid % 5_000) * 2
  await using fleet = await startEmbeddedFleet({ servers: 2, basePort: port })
  expect(fleet.servers.map((server) => server.port)).toEqual([port, port + 1])
})

test('stops the others and throws the first error when one fails to start', async () => {
  const stop = vi.fn(async () => {})
  const healthy: Service<RunningSmtpServer> = {
    start: async () => ({ stop }) as unknown as RunningSmtpServer,
  }
  const failing = (message: string): Service<RunningSmtpServer> => ({
    start: async () => {
      throw new Error(message)
    },
  })
  await expect(startFleet([healthy, failing('first'), healthy, failing('second')])).rejects.toThrow('first')
  expect(stop).toHaveBeenCalledTimes(2)
})
