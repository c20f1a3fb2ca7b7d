import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { errorText } from '../src/error.ts'
import { foreignText } from '../src/text/foreign-text.ts'

const BANNER_WITHIN_MS = 5_000
/** RFC 5321 4.5.3.1.5: longest reply line, with its CRLF. */
const MAX_LINE_OCTETS = 512

/** Reads the server's greeting and sends QUIT. Rejects when no greeting comes in time, or it is not 220. */
export async function seeBanner(host: string, port: number, withinMs: number): Promise<void> {
  const socket = connect({ host, port })
  socket.setEncoding('latin1')
  const { promise: greeting, resolve, reject } = Promise.withResolvers<string>()
  // For all of it: a server need not close at QUIT, and one that never stops sending is never idle.
  const timer = setTimeout(() => {
    reject(new Error(`it sent no 220 greeting within ${withinMs} ms`))
    socket.destroy()
  }, withinMs)
  try {
    readFirstLine(socket, { resolve, reject })
    const line = await greeting
    // RFC 5321 3.1: 220 opens a session; 554 and 421 refuse it.
    if (!/^220[ -]/.test(line)) throw new Error(`it greets with "${foreignText(line)}"`)
    // A server that has closed its side no longer counts this connection.
    const closed = new Promise((resolve) => socket.once('close', resolve))
    socket.end('QUIT\r\n')
    await closed
  } finally {
    clearTimeout(timer)
    socket.destroy()
  }
}

type Settle = Pick<PromiseWithResolvers<string>, 'resolve' | 'reject'>

function readFirstLine(socket: Socket, { resolve, reject }: Settle): void {
  let received: string | undefined = ''
  socket.on('error', (error) => reject(new Error(`its port cannot be reached (${errorText(error)})`)))
  socket.once('close', () => reject(new Error('it closed the connection without a greeting')))
  socket.on('data', (text: string) => {
    if (received === undefined) return
    received += text
    const end = received.indexOf('\r\n')
    if (end === -1 && received.length < MAX_LINE_OCTETS) return
    if (end === -1) reject(new Error(`its greeting has no line end within ${MAX_LINE_OCTETS} octets`))
    else resolve(received.slice(0, end))
    received = undefined
  })
}

const RETRY_AFTER_MS = 50

/**
 * Waits for the greeting of a server that is still starting: its port may be closed, or open with nobody behind
 * it (a port published by a container engine). When the signal fires, rejects with the latest reason.
 */
export async function awaitBanner(host: string, port: number, signal: AbortSignal): Promise<void> {
  for (;;) {
    try {
      await seeBanner(host, port, BANNER_WITHIN_MS)
      return
    } catch (error) {
      if (signal.aborted) throw error
      await delay(RETRY_AFTER_MS)
    }
  }
}
