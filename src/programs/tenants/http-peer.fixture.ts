import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'

export interface Asked {
  readonly path: string
  readonly token: string | undefined
  readonly body: Readonly<Record<string, unknown>>
}

export interface Peer {
  readonly url: string
  readonly asked: readonly Asked[]
}

/** A server that stands in for a proxy, closed after the test. */
export async function peer(answer: (asked: Asked, response: ServerResponse) => void): Promise<Peer> {
  const asked: Asked[] = []
  const server = createServer(async (request, response) => {
    const { method, url = '', headers } = request
    const body = method === 'POST' ? ((await json(request)) as Asked['body']) : {}
    const one = { path: url, token: headers['x-api-token'] as string | undefined, body }
    asked.push(one)
    answer(one, response)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}
