import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/** How a test server differs from a correct one. */
export interface Oddity {
  readonly greeting?: string
  /** Reply to a command line; undefined: the usual one, '': none. */
  readonly command?: (line: string) => string | undefined
  /** Longest line of text, without line end. A longer one gets 500, and the message goes on. */
  readonly maxTextOctets?: number
  readonly maxConnections?: number
  /** Delay of each reply. */
  readonly delayMs?: (line: string) => number
  /** Repeated instead of a reply until the client has gone. */
  readonly flood?: (line: string) => string | undefined
  /** The program ends at this command: every connection breaks, and nothing listens any more. */
  readonly diesAt?: (line: string) => boolean
  /** At this number of open connections its listening socket is closed until fewer are open (RefuseLA). */
  readonly refusesFrom?: number
  /** Reply to a message instead of 250. */
  readonly message?: string
}

const USUAL: Readonly<Record<string, string>> = {
  EHLO: '250-odd.test\r\n250-PIPELINING\r\n250 SIZE 1000000',
  HELO: '250 odd.test',
  MAIL: '250 ok',
  RCPT: '250 ok',
  DATA: '354 go ahead',
  NOOP: '250 ok',
  RSET: '250 ok',
}

export interface OddServer extends Disposable {
  readonly host: string
  readonly port: number
  /** Octets of floods that the kernel accepted. */
  readonly flooded: () => number
}

/** A server for tests of the probe, on real sockets; it is closed when the test ends. */
export async function startOddServer(oddity: Oddity = {}): Promise<OddServer> {
  const server = await openOddServer(oddity)
  onTestFinished(() => server[Symbol.dispose]())
  return server
}

/** The same for concurrent tests, whose hooks Vitest cannot tell apart: the caller disposes it. */
export async function openOddServer(oddity: Oddity = {}): Promise<OddServer> {
  const sockets = new Set<Socket>()
  let flooded = 0
  const close = () => {
    for (const socket of sockets) socket.resetAndDestroy()
    server.close()
  }
  const listenAgain = (port: number) => {
    if (!server.listening && sockets.size === 0) server.listen(port, '127.0.0.1')
  }
  const server = createServer((socket) => {
    sockets.add(socket)
    const { localPort = 0 } = socket
    socket.on('error', () => {})
    socket.on('close', () => {
      sockets.delete(socket)
      flooded += socket.bytesWritten
      if (oddity.refusesFrom !== undefined) listenAgain(localPort)
    })
    if (sockets.size >= (oddity.refusesFrom ?? Number.POSITIVE_INFINITY)) server.close()
    if (sockets.size > (oddity.maxConnections ?? Number.POSITIVE_INFINITY)) {
      socket.end('421 too many\r\n')
    } else serve(socket, oddity, close)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { host: '127.0.0.1', port, flooded: () => flooded, [Symbol.dispose]: close }
}

function serve(socket: Socket, oddity: Oddity, close: () => void): void {
  let pending = ''
  let inData = false
  const say = (reply: string) => reply !== '' && socket.writable && socket.write(`${reply}\r\n`)
  const takeText = (): boolean => {
    const at = pending.indexOf('\r\n.\r\n')
    if (at === -1) return false
    const text = pending.slice(0, at)
    pending = pending.slice(at + 5)
    inData = false
    const tooLong = text.split('\r\n').some((line) => line.length > (oddity.maxTextOctets ?? 998))
    say(tooLong ? '500 Command too long' : (oddity.message ?? '250 taken'))
    return true
  }
  const takeCommand = (): boolean => {
    const at = pending.indexOf('\r\n')
    if (at === -1) return false
    const line = pending.slice(0, at)
    // Keep the CRLF for DATA: a dot may follow at once.
    pending = pending.slice(at + 2)
    if (oddity.diesAt?.(line)) {
      close()
      return false
    }
    const flood = oddity.flood?.(line)
    if (flood !== undefined) {
      const more = () => socket.writable && socket.write(flood) && setImmediate(more)
      socket.on('drain', more)
      more()
      return true
    }
    const reply = oddity.command?.(line) ?? USUAL[line.slice(0, 4).toUpperCase()] ?? '500 unknown'
    inData = reply.startsWith('354')
    if (inData) pending = `\r\n${pending}`
    const delayMs = oddity.delayMs?.(line) ?? 0
    if (delayMs === 0) say(reply)
    else setTimeout(() => say(reply), delayMs)
    return true
  }
  say(oddity.greeting ?? '220 odd.test')
  socket.setEncoding('latin1')
  socket.on('data', (chunk: string) => {
    pending += chunk
    while (inData ? takeText() : takeCommand()) {
      // Each round consumes one command or one message.
    }
  })
}
