import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { MailstormError } from '../src/error.ts'
import { LOOPBACK } from '../src/listening.ts'

/**
 * A loopback port that was free a moment ago, for programs that cannot pick one and for calls that must be
 * refused.
 */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, LOOPBACK)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/**
 * Lets containers reach what listens on this machine's loopback, by relaying the same port of another of its
 * addresses. When something listens on all addresses the port is taken, and no relay is needed. Undefined when
 * the address is not one of this machine.
 */
export async function relayToLoopback(host: string, port: number): Promise<AsyncDisposable | undefined> {
  const open = new Set<Socket>()
  const server = createServer((inward) => {
    const outward = connect({ host: LOOPBACK, port })
    for (const socket of [inward, outward]) {
      open.add(socket)
      socket.once('close', () => open.delete(socket))
    }
    // The client only has to see that the other side has ended, not why.
    outward.once('error', () => inward.destroy())
    inward.once('error', () => outward.destroy())
    inward.pipe(outward).pipe(inward)
  })
  server.listen(port, host)
  try {
    await once(server, 'listening')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EADDRNOTAVAIL') return undefined
    if (code === 'EADDRINUSE') return { [Symbol.asyncDispose]: async () => {} }
    throw new MailstormError(
      'SERVICE_START',
      `Failed to open ${host}:${port} for containers: ${(error as Error).message}.`,
    )
  }
  return {
    async [Symbol.asyncDispose]() {
      server.close()
      for (const socket of open) socket.destroy()
      await once(server, 'close')
    },
  }
}
