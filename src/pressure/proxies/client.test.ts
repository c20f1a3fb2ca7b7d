import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { ProxyClient } from './client.ts'

async function clientOf(answer: RequestListener) {
  const server = createServer(answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const end = async () => {
    server.closeAllConnections()
    if (server.listening) await new Promise((resolve) => server.close(resolve))
  }
  onTestFinished(end)
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { client: new ProxyClient({ name: 'proxy', url, token: 'secret' }), end }
}

const page = (ids: readonly string[], next?: string) =>
  JSON.stringify({ messages: ids.map((id) => ({ id })), ...(next !== undefined && { next }) })

test('reads a queue page by page', async () => {
  const pages = [page(['a', 'b'], 'b'), page(['c'])]
  const { client } = await clientOf((_request, response) => response.end(pages.shift()))
  expect([...(await client.queuedIds('t'))]).toEqual(['a', 'b', 'c'])
})

test('does not read the same page of a queue for ever', async () => {
  const { client } = await clientOf((_request, response) => response.end(page(['a'], 'a')))
  await expect(client.queuedIds('t')).rejects.toMatchObject({
    code: 'PROXY_API',
    message: 'Failed to read the queue of proxy: it names a next page, but this one has no new message.',
  })
})

test('says what a proxy answered in place of JSON, and why none answered', async () => {
  const { client, end } = await clientOf((_request, response) => response.end('<h1>\u001b[2Jwelcome</h1>'))
  await expect(client.newKey('t')).rejects.toMatchObject({
    code: 'PROXY_API',
    message: 'Failed to ask proxy for /tenant/t/api-key: not JSON, but HTTP 200 <h1>welcome</h1>.',
  })
  await end()
  await expect(client.newKey('t')).rejects.toThrow(/^Failed to ask proxy for .*ECONNREFUSED/)
})

test('tells a refusal from a failure, without the token that it repeats', async () => {
  const { client } = await clientOf((request, response) =>
    response.writeHead(401).end(`no such token: ${request.headers['x-api-token']}`),
  )
  const refused = client.runNow('t', undefined)
  await expect(refused).rejects.toMatchObject({ code: 'PROXY_REFUSED' })
  await expect(refused).rejects.not.toThrow('secret')
})
