import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { ControlClient } from './control-client.ts'

async function clientOf(answer: RequestListener, answerWithinMs?: number) {
  const server = createServer(answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const limit = answerWithinMs === undefined ? {} : { answerWithinMs }
  return { client: new ControlClient({ name: 'smtp-server-1', url, ...limit }), server }
}

test('an answer that is an error is one, not a ledger', async () => {
  const { client } = await clientOf((_request, response) =>
    response.writeHead(500).end('{"error":"\u001b[2Jno ledger"}'),
  )
  await expect(client.json('/ledger', { run: 'a b' })).rejects.toMatchObject({
    code: 'CONTROL_API',
    message: 'Failed to ask smtp-server-1 for /ledger: HTTP 500 {"error":"no ledger"}.',
  })
  await expect(client.lines('/ledger/entries', {}).next()).rejects.toThrow('HTTP 500')
})

test('says that no answer came in time, and that nobody listens', async () => {
  const { client, server } = await clientOf(() => undefined, 50)
  await expect(client.json('/state')).rejects.toMatchObject({
    code: 'CONTROL_TIMEOUT',
    message: 'Failed to ask smtp-server-1 for /state: no answer within 50 ms.',
  })
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  await expect(client.json('/state')).rejects.toThrow('ECONNREFUSED')
})

test('lines that break off are not taken for all of them', async () => {
  const { client } = await clientOf((_request, response) => {
    response.write('{"id":"a-1"}\n{"id":')
    setImmediate(() => response.destroy())
  })
  const seen: unknown[] = []
  const read = async () => {
    for await (const line of client.lines('/ledger/entries', {})) seen.push(line)
  }
  await expect(read()).rejects.toThrow()
  expect(seen).toEqual([{ id: 'a-1' }])
})

test('closes the connection when its reader needs no more lines', async () => {
  const closed = Promise.withResolvers<void>()
  const { client } = await clientOf((_request, response) => {
    response.on('close', () => closed.resolve())
    response.write('{"id":"a-1"}\n{"id":"a-2"}\n')
  })
  for await (const line of client.lines('/ledger/entries', {})) {
    expect(line).toEqual({ id: 'a-1' })
    break
  }
  await closed.promise
})
