import { createServer, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { LOOPBACK, listening } from '../../listening.ts'
import { NullSession } from './session.ts'

/**
 * SMTP server program that takes every message and keeps nothing: what a generator reaches against it is the
 * generator's own limit on this machine. `NULL_SINK_DELAY_MS`: each reply comes so much later, as over a network
 * of that round-trip time; what arrives together is answered together (RFC 2920 3.2). `NULL_SINK_TAKE_MS`: beside that,
 * so long it takes a message, as a server that scans or stores it. `NULL_SINK_CERT` and `NULL_SINK_KEY`, in PEM: it
 * speaks TLS from the first octet (RFC 8314 3.3).
 */
const delayMs = Number(process.env.NULL_SINK_DELAY_MS ?? '0')
const takeMs = Number(process.env.NULL_SINK_TAKE_MS ?? '0')
const { NULL_SINK_CERT: cert, NULL_SINK_KEY: key } = process.env
const server =
  cert === undefined
    ? createServer({ noDelay: true }, serve)
    : createTlsServer({ noDelay: true, cert, key: key ?? '' }, serve)

function serve(socket: Socket): void {
  const session = new NullSession()
  const send = (replies: string, isLast: boolean) => {
    if (isLast) socket.end(replies, 'latin1')
    else socket.write(replies, 'latin1')
  }
  const answer = (replies: string, isLast: boolean, lateMs = delayMs) => {
    if (lateMs > 0) setTimeout(send, lateMs, replies, isLast)
    else send(replies, isLast)
  }
  socket.on('data', (octets: Buffer) => {
    const before = session.taken
    const replies = session.answer(octets)
    const lateMs = session.taken > before ? delayMs + takeMs : delayMs
    if (replies !== '') answer(replies, session.hasEnded, lateMs)
  })
  // Clients may leave as they like.
  socket.on('error', () => socket.destroy())
  answer(NullSession.greeting, false)
}

const port = await listening(server, { host: LOOPBACK, port: 0 }, '')
process.once('disconnect', () => process.exit(0))
console.log(JSON.stringify({ ready: true, port }))
