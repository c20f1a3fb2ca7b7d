import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { errorText } from '../src/error.ts'

const BANNER_WITHIN_MS = 5_000

/** Reads the server's greeting and sends QUIT. Rejects when no greeting comes in time, or it is not 220. */
export async function seeBanner(host: string, port: number, withinMs: number): Promise<void> {
  const socket = connect({ host, port })
  socket.setEncoding('latin1')
  try {
    const greeting = await firstLine(socket, withinMs)
    // RFC 5321 3.1: 220 opens a session; 554 and 421 refuse it.
    if (!/^220[ -]/.test(greeting)) throw new Error(`it greets with "${greeting}"`)
    // A server that has closed its side no longer counts this connection.
    const closed = new Promise((resolve) => socket.once('close', resolve))
    socket.end('QUIT\r\n')
    await closed
  } finally {
    socket.destroy()
  }
}

function firstLine(socket: Socket, withinMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = ''
    // The same limit applies after the greeting: a server need not close at QUIT.
    socket.setTimeout(withinMs, () => {
      reject(new Error(`it sent no 220 greeting within ${withinMs} ms`))
      socket.destroy()
    })
    socket.on('error', (error) => reject(new Error(`its port cannot be reached (${errorText(error)})`)))
    socket.once('close', () => reject(new Error('it closed the connection without a greeting')))
    socket.on('data', (text: string) => {
      received += text
      const end = received.indexOf('\r\n')
      if (end !== -1) resolve(received.slice(0, end))
    })
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
