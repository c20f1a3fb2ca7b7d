import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { relayToLoopback } from './loopback.ts'

/** Another address of this machine, like the gateway of a container network. */
const ELSEWHERE = '127.0.0.2'

async function serve(host: string): Promise<number> {
  const server = createServer((_request, response) => response.end('from loopback')).listen(0, host)
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

test.skipIf(process.platform !== 'linux')('answers elsewhere with what loopback answers', async () => {
  const port = await serve('127.0.0.1')
  await using _relay = await relayToLoopback(ELSEWHERE, port)
  expect(await (await fetch(`http://${ELSEWHERE}:${port}/`)).text()).toBe('from loopback')
})

test.skipIf(process.platform !== 'linux')('ends a connection that nobody takes on loopback', async () => {
  const port = await serve('127.0.0.3')
  await using _relay = await relayToLoopback(ELSEWHERE, port)
  await expect(fetch(`http://${ELSEWHERE}:${port}/`)).rejects.toThrow()
})

test('does nothing where somebody listens on all addresses', async () => {
  const port = await serve('127.0.0.1')
  await using _relay = await relayToLoopback('127.0.0.1', port)
  expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('from loopback')
})

test('tells an address of another machine by undefined', async () => {
  expect(await relayToLoopback('198.51.100.1', 18_464)).toBeUndefined()
})
