import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/** How a server of these tests differs from one that does everything right. */
export interface Oddity {
  readonly greeting?: string
  /** Reply to a command line; undefined = as usual, '' = none at all. */
  readonly command?: (line: string) => string | undefined
  /** Longest line of text, without line end; beyond it: 500, and the message goes on. */
  readonly maxTextOctets?: number
  /** What else ends a message. */
  readonly falseEnd?: string
  readonly maxConnections?: number
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

/** A server for tests of the probe, with sockets and all. */
export async function startOddServer(oddity: Oddity = {}): Promise<{ host: string; port: number }> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
    if (sockets.size > (oddity.maxConnections ?? Number.POSITIVE_INFINITY)) {
      socket.end('421 too many\r\n')
    } else serve(socket, oddity)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port }
}

function serve(socket: Socket, oddity: Oddity): void {
  let pending = ''
  let inData = false
  const say = (reply: string) => reply !== '' && socket.write(`${reply}\r\n`)
  const takeText = (): boolean => {
    const ends = ['\r\n.\r\n', oddity.falseEnd ?? '\r\n.\r\n'].map((end) => pending.indexOf(end))
    const at = Math.min(...ends.map((end) => (end === -1 ? Number.POSITIVE_INFINITY : end)))
    if (at === Number.POSITIVE_INFINITY) return false
    const text = pending.slice(0, at)
    const end = at === ends[0] ? '\r\n.\r\n' : (oddity.falseEnd ?? '')
    pending = pending.slice(at + end.length)
    inData = false
    const tooLong = text.split('\r\n').some((line) => line.length > (oddity.maxTextOctets ?? 998))
    say(tooLong ? '500 Command too long' : '250 taken')
    return true
  }
  const takeCommand = (): boolean => {
    const at = pending.indexOf('\r\n')
    if (at === -1) return false
    const line = pending.slice(0, at)
    // The CRLF stays for DATA: it counts for a dot at once.
    pending = pending.slice(at + 2)
    const reply = oddity.command?.(line) ?? USUAL[line.slice(0, 4).toUpperCase()] ?? '500 unknown'
    inData = reply.startsWith('354')
    if (inData) pending = `\r\n${pending}`
    say(reply)
    return true
  }
  say(oddity.greeting ?? '220 odd.test')
  socket.setEncoding('latin1')
  socket.on('data', (chunk: string) => {
    pending += chunk
    while (inData ? takeText() : takeCommand()) {
      // Each round takes one command or one message.
    }
  })
}
