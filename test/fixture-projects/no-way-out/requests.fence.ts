import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { HttpResponse, http } from 'msw'
import { setupServer } from 'msw/node'
import { request } from 'undici'
import { expect, onTestFinished, test } from 'vitest'

/** No packet leaves for it: it is nobody's address (RFC 919 7), and TCP has no broadcast. */
const OUTSIDE = 'http://255.255.255.255:8025/'

const swallowed = (asked: Promise<unknown>) => asked.catch(() => undefined)

test('fetch', () => swallowed(fetch(OUTSIDE)))

test('request of undici', () => swallowed(request(OUTSIDE)))

test('what no handler of msw is for', async () => {
  const server = setupServer(http.get('http://known.test/', () => HttpResponse.text('known')))
  server.listen({ onUnhandledFrame: 'bypass' })
  onTestFinished(() => server.close())
  await swallowed(fetch(OUTSIDE))
})

test('a name that is looked up', () => swallowed(request('http://nobody.invalid/')))

test('this machine', async () => {
  const server = createServer((_, response) => response.end('here')).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  for (const host of ['127.0.0.1', 'localhost']) {
    const { body } = await request(`http://${host}:${port}/`)
    expect(await body.text()).toBe('here')
  }
})
