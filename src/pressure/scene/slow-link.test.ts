import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { SlowLink } from './slow-link.ts'

/** Gives back what it is sent. */
async function echo(): Promise<Server & AsyncDisposable> {
  const server = createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

async function sent(link: SlowLink, content: Buffer): Promise<{ back: Buffer; ms: number }> {
  const beganMs = performance.now()
  const socket = connect(link.address.port, link.address.host)
  socket.end(content)
  const back = await buffer(socket)
  return { back, ms: performance.now() - beganMs }
}

test('passes everything on both ways, and takes the time of a slow line when it is one', async () => {
  await using server = await echo()
  const { port } = server.address() as AddressInfo
  await using link = await SlowLink.open({ host: '127.0.0.1', port })
  const content = Buffer.alloc(40_000, 'x')
  const fast = await sent(link, content)
  expect(fast.back.equals(content)).toBe(true)
  link.bytesPerSecond = 80_000
  const slow = await sent(link, content)
  expect(slow.back.equals(content)).toBe(true)
  // Half a second by the speed; a busy machine may need more, never less.
  expect(slow.ms).toBeGreaterThan(450)
  link.bytesPerSecond = Number.POSITIVE_INFINITY
  expect((await sent(link, content)).back.equals(content)).toBe(true)
})

test('sends waiting bytes as soon as the line is fast again', async () => {
  await using server = await echo()
  const { port } = server.address() as AddressInfo
  await using link = await SlowLink.open({ host: '127.0.0.1', port })
  link.bytesPerSecond = 1_000
  const sending = sent(link, Buffer.alloc(100_000))
  link.bytesPerSecond = Number.POSITIVE_INFINITY
  // At the old speed it would take 100 s.
  expect((await sending).ms).toBeLessThan(10_000)
})
