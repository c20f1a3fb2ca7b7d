import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { FakeClock } from '../../engine/clock.fixture.ts'
import { RawClient } from '../smtp-server/raw-client.fixture.ts'
import { Crowd } from './crowd.ts'
import { FaultServer } from './server.ts'

test('takes up connections, drips octets, and lets the server serve others', async () => {
  await using server = await FaultServer.start({})
  const clock = new FakeClock()
  await using crowd = await Crowd.start(
    { target: { host: server.host, port: server.port }, idle: 3, slow: 2 },
    clock,
  )
  expect(crowd.counts()).toEqual({ open: 5, ended: 0 })
  // Each slow client got its 354, sent an octet, and waits for the next tick.
  while (clock.armed < 2) await new Promise((resolve) => setTimeout(resolve, 1))
  await clock.advanceTo(500)
  expect(clock.armed).toBe(2)
  const client = await RawClient.ready(server.port, server.host)
  expect(await client.send('X-Mailstorm-Id: run-1\r\n\r\nbody\r\n')).toBe('250 2.0.0 taken')
  expect(server.counts()).toMatchObject({ connections: 6, accepted: 1 })
  client.close()
})

test('counts those that the server refuses', async () => {
  await using server = await FaultServer.start({ greylist: { stage: 'greeting', forMs: 60_000 } })
  const target = { host: server.host, port: server.port }
  await using crowd = await Crowd.start({ target, idle: 2, slow: 1 })
  expect(crowd.counts()).toEqual({ open: 0, ended: 3 })
})

test('is bounded', async () => {
  const target = { host: '127.0.0.1', port: 1 }
  await expect(Crowd.start({ target, idle: 2_000, slow: 1 })).rejects.toThrow(
    'allowed are 0 to 2000 together',
  )
})

test('sends no octets without a pause', async () => {
  const target = { host: '127.0.0.1', port: 1 }
  await expect(Crowd.start({ target, idle: 0, slow: 1, octetEveryMs: 0 })).rejects.toThrow(
    'allowed is 1 ms or more',
  )
})

test('leaves no connection behind, not even one that was never greeted', async () => {
  const accepted: Socket[] = []
  const server = createServer((socket) => accepted.push(socket.resume())).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const target = { host: '127.0.0.1', port: (server.address() as AddressInfo).port }
  const clock = new FakeClock()
  const starting = Crowd.start({ target, idle: 1, slow: 1 }, clock)
  while (accepted.length < 2) await nextTurn()
  await clock.advanceTo(5_000)
  const crowd = await starting
  expect(crowd.counts()).toEqual({ open: 0, ended: 0 })
  const closed = Promise.all(accepted.map((socket) => once(socket, 'close')))
  await crowd[Symbol.asyncDispose]()
  await closed
})
