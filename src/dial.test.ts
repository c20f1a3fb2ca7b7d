import { connect } from 'node:net'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { freePort } from '../containers/loopback.ts'
import { dialOptions, inDialOrder } from './dial.ts'
import { serve } from './smtp/preflight/fake-server.fixture.ts'

test.each([
  [[], []],
  [['127.0.0.1'], ['127.0.0.1']],
  [
    ['::1', '::2', '127.0.0.1', '127.0.0.2', '127.0.0.3'],
    ['::1', '127.0.0.1', '::2', '127.0.0.2', '127.0.0.3'],
  ],
  [
    ['127.0.0.1', '127.0.0.1', '::1'],
    ['127.0.0.1', '::1'],
  ],
])('families take turns, and each address has one: %j', (addresses, order) => {
  expect(inDialOrder(addresses)).toEqual(order)
})

test('the order begins with the address that the system prefers, and has each of them once', () => {
  const address = fc.oneof(fc.ipV4(), fc.ipV6())
  fc.assert(
    fc.property(fc.array(address, { minLength: 1 }), (addresses) => {
      const order = inDialOrder(addresses)
      expect(order[0]).toBe(addresses[0])
      expect(order.toSorted()).toEqual([...new Set(addresses)].toSorted())
    }),
  )
})

/** The address that a connection ended at; no name server knows these names. */
function dialled(port: number, addresses: readonly string[]): Promise<string | undefined> {
  const socket = connect(dialOptions({ host: 'nobody.invalid', port, addresses }, 2_000))
  onTestFinished(() => void socket.destroy())
  return new Promise((resolve, reject) => {
    socket.once('connect', () => resolve(socket.remoteAddress))
    socket.once('error', reject)
  })
}

test('connections go to the addresses that were checked; the name is asked of nobody', async () => {
  const port = await serve(() => undefined)
  await expect(dialled(port, ['127.0.0.1'])).resolves.toBe('127.0.0.1')
})

test('where one refuses the next is tried', async () => {
  const port = await serve(() => undefined)
  await expect(dialled(port, ['127.0.0.7', '127.0.0.8', '127.0.0.1'])).resolves.toBe('127.0.0.1')
})

test('where all refuse, that is what is said', async () => {
  const port = await freePort()
  await expect(dialled(port, ['127.0.0.7', '127.0.0.8'])).rejects.toMatchObject({ code: 'ECONNREFUSED' })
})

test('without addresses the name stands, as for servers that were booted here', () => {
  expect(dialOptions({ host: '127.0.0.1', port: 25 }, 1)).toEqual({ host: '127.0.0.1', port: 25 })
})
