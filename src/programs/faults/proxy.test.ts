import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { freePort } from '../../../containers/loopback.ts'
import { FakeClock } from '../../engine/clock.fixture.ts'
import type { FaultProxyPlan } from './plans.ts'
import { FaultProxy } from './proxy.ts'

/** A socket, everything it received, and how it ended. */
class End {
  readonly socket: Socket
  received = Buffer.alloc(0)
  ended: 'open' | 'fin' | 'reset' = 'open'

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (chunk: Buffer) => {
      this.received = Buffer.concat([this.received, chunk])
    })
    socket.on('end', () => {
      this.ended = 'fin'
    })
    socket.on('error', () => {
      this.ended = 'reset'
    })
    onTestFinished(() => void socket.destroy())
  }

  get text(): string {
    return this.received.toString('latin1')
  }
}

/** A client and a server with a proxy between them, on a stopped clock; all connections are up. */
async function meet(plan: Omit<FaultProxyPlan, 'target'> = {}) {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const clock = new FakeClock()
  const target = { host: '127.0.0.1', port: (server.address() as AddressInfo).port }
  const proxy = await FaultProxy.start({ target, ...plan }, clock)
  onTestFinished(() => proxy[Symbol.asyncDispose]())
  const open = async () => {
    const accepted = once(server, 'connection')
    const client = new End(connect({ host: proxy.host, port: proxy.port, allowHalfOpen: true }))
    return { client, server: new End((await accepted)[0] as Socket) }
  }
  return { proxy, clock, open }
}

/** Real sockets take time; Vitest's timeout ends a wait that never succeeds. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1))
}

test('without faults it passes octets and ends both ways, and counts them', async () => {
  const { proxy, open } = await meet()
  const { client, server } = await open()
  client.socket.end('ask')
  await until(() => server.text === 'ask' && server.ended === 'fin')
  server.socket.end('answer')
  await until(() => client.text === 'answer' && client.ended === 'fin')
  expect(proxy.counts()).toEqual({
    connections: 1,
    cut: 0,
    unreachable: 0,
    bytesToServer: 3,
    bytesToClient: 6,
  })
})

test('a server that is not there ends the connection, and is counted', async () => {
  await using proxy = await FaultProxy.start({ target: { host: '127.0.0.1', port: await freePort() } })
  const client = new End(connect(proxy.port, proxy.host))
  await until(() => client.ended !== 'open')
  expect(proxy.counts()).toMatchObject({ connections: 1, unreachable: 1 })
})

test('delays one direction and not the other, and the end of the stream with it', async () => {
  const { clock, open } = await meet({ toClient: { delayMs: 50 } })
  const { client, server } = await open()
  client.socket.write('ask')
  await until(() => server.text === 'ask')
  server.socket.end('answer')
  await until(() => clock.armed === 1)
  await clock.advanceTo(49)
  expect(client.text).toBe('')
  await clock.advanceTo(50)
  await until(() => client.text === 'answer' && client.ended === 'fin')
})

test('a slow line delivers its rate and makes the sender wait', async () => {
  const { clock, proxy, open } = await meet({ toServer: { bytesPerSecond: 100_000 } })
  const { client, server } = await open()
  const all = Buffer.alloc(20_000_000, 'x')
  client.socket.write(all)
  await until(() => clock.armed === 1)
  await clock.advanceTo(1_000)
  expect(proxy.counts().bytesToServer).toBeGreaterThan(95_000)
  expect(proxy.counts().bytesToServer).toBeLessThanOrEqual(100_000)
  await until(() => server.received.length === proxy.counts().bytesToServer)
  // What the proxy buffers is bounded: the client still holds most of it.
  expect(client.socket.writableLength).toBeGreaterThan(all.length / 4)
})

describe('a cut', () => {
  test.each([
    ['close', 'fin', 'fin'],
    ['reset', 'reset', 'reset'],
    ['half-open', 'fin', 'open'],
    ['stall', 'open', 'open'],
  ] as const)(
    'by %s after 5 octets to the server: the client sees %s, the server %s',
    async (by, seenByClient, seenByServer) => {
      const { proxy, open } = await meet({ toServer: { cut: { after: { bytes: 5 }, by } } })
      const { client, server } = await open()
      client.socket.write('0123456789')
      await until(() => server.text.length === 5 && proxy.counts().cut === 1)
      if (seenByClient !== 'open') await until(() => client.ended !== 'open')
      if (seenByServer !== 'open') await until(() => server.ended !== 'open')
      expect([server.text, client.ended, server.ended]).toEqual(['01234', seenByClient, seenByServer])
    },
  )

  test('after 0 octets: nothing ever comes', async () => {
    const { proxy, open } = await meet({ toClient: { cut: { after: { bytes: 0 }, by: 'stall' } } })
    const { client, server } = await open()
    server.socket.end('220 hello')
    client.socket.write('hello?')
    await until(() => server.text === 'hello?')
    expect([client.text, client.ended, proxy.counts().bytesToClient]).toEqual(['', 'open', 0])
  })

  test('stalling one direction does not affect the other', async () => {
    const { open } = await meet({ toServer: { cut: { after: { text: 'STOP' }, by: 'stall' } } })
    const { client, server } = await open()
    client.socket.write('go STOP more')
    await until(() => server.text === 'go ')
    server.socket.write('answer')
    await until(() => client.text === 'answer')
    expect(server.text).toBe('go ')
  })

  test('before a reply: the server has said it, the client never reads it', async () => {
    const { open } = await meet({ toClient: { cut: { after: { text: '250 taken' }, by: 'reset' } } })
    const { client, server } = await open()
    server.socket.write('354 go\r\n250 taken\r\n')
    await until(() => client.ended === 'reset')
    expect(client.text).toBe('354 go\r\n')
  })

  test('falls on the same connections for the same seed, and on others for another', async () => {
    const cutOf = async (seed: number) => {
      const { open } = await meet({
        seed,
        share: 0.5,
        toClient: { cut: { after: { text: 'x' }, by: 'close' } },
      })
      const cut: boolean[] = []
      for (let i = 0; i < 12; i++) {
        const { client, server } = await open()
        server.socket.end('x')
        await until(() => client.ended !== 'open')
        cut.push(client.text === '')
      }
      return cut
    }
    const [first, again, other] = [await cutOf(1), await cutOf(1), await cutOf(2)]
    expect(first).toEqual(again)
    expect(first).not.toEqual(other)
    expect(new Set(first)).toEqual(new Set([true, false]))
  })
})

test('names every bad value of a plan before it listens', async () => {
  const target = { host: '127.0.0.1', port: 1 }
  const plan = {
    target,
    share: 2,
    toServer: { delayMs: -1, bytesPerSecond: 0, cut: { after: { text: '' }, by: 'stall' } },
  } as const
  await expect(FaultProxy.start(plan)).rejects.toThrow(
    'toServer.delayMs is -1; allowed is 0 to 1e9; toServer.bytesPerSecond is 0; allowed is 1 or more; toServer.cut.after.text is ""; it may not begin with a line end; share is 2; allowed is 0 to 1.',
  )
})
