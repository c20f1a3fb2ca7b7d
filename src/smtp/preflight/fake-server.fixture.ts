import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createSecureContext, createServer as createTlsServer, type SecureContext } from 'node:tls'
import { generate } from 'selfsigned'
import { onTestFinished } from 'vitest'

/** A server on loopback for the length of the test; returns its port. */
export function serve(talk: (socket: Socket) => void): Promise<number> {
  return listen(
    createServer((socket) => {
      // Clients that leave first are part of these tests.
      socket.on('error', () => socket.destroy())
      talk(socket)
    }),
  )
}

/** Has a certificate only for clients that name it, as servers of many domains do. */
export async function serveTls(
  onName?: (name: string | undefined) => void,
): Promise<{ port: number; ca: string }> {
  const altNames = [{ type: 2 as const, value: 'localhost' }]
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    extensions: [{ name: 'subjectAltName', altNames }],
  })
  const context = createSecureContext({ key, cert })
  const own = onName === undefined ? { key, cert } : { SNICallback: by(onName) }
  function by(told: (name: string | undefined) => void) {
    return (name: string, answer: (error: Error | null, context?: SecureContext) => void) => {
      told(name)
      answer(null, context)
    }
  }
  const server = createTlsServer(own, (socket) => {
    socket.on('error', () => socket.destroy())
    socket.write('220 ready\r\n')
  })
  return { port: await listen(server), ca: cert }
}

export function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => sockets.add(socket))
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })
}
