import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { StoredMessage } from '../store/stored-message.ts'
import { escapeJson } from './go-json.ts'
import { messageJson } from './message-view.ts'
import type { Messages } from './messages.ts'
import { encodeFrame, type Frame, FrameReader, OPCODES } from './websocket-frames.ts'

export interface Listener {
  /** False when the listener is too far behind and did not take it. */
  offer(json: string): boolean
}

/** A listener that is so far behind takes no more. */
const MAX_BACKLOG_BYTES = 8 * 1024 * 1024

/** A message beyond this is not announced: its JSON would be several times as long. */
const MAX_ANNOUNCED_BYTES = 16 * 1024 * 1024

/** Tells listeners of each stored message. A slow one loses events, counted, and nobody waits for it. */
export class Hub {
  readonly #messages: Messages
  readonly #listeners = new Set<Listener>()
  #dropped = 0

  constructor(messages: Messages) {
    this.#messages = messages
  }

  /** Events that a listener should have had and did not get. */
  get dropped(): number {
    return this.#dropped
  }

  add(listener: Listener): void {
    this.#listeners.add(listener)
  }

  remove(listener: Listener): void {
    this.#listeners.delete(listener)
  }

  publish(message: StoredMessage): void {
    if (this.#listeners.size === 0) return
    if (message.bytes > MAX_ANNOUNCED_BYTES) {
      this.#dropped += this.#listeners.size
      return
    }
    using snapshot = this.#messages.open()
    const json = [...messageJson(snapshot.view(message))].join('')
    for (const listener of this.#listeners) if (!listener.offer(json)) this.#dropped += 1
  }
}

const KEEPALIVE_MS = 60_000

/** `GET /api/v1/events`: server-sent events, one indented JSON message each. */
export class EventStreams {
  readonly #hub: Hub

  constructor(hub: Hub) {
    this.#hub = hub
  }

  add(response: ServerResponse): void {
    response.setHeader('Content-Type', 'text/event-stream')
    response.setHeader('Cache-Control', 'no-cache')
    response.flushHeaders()
    const listener = {
      offer(json: string): boolean {
        if (response.writableLength > MAX_BACKLOG_BYTES) return false
        response.write(eventOf(json), 'latin1')
        return true
      },
    }
    // Not an event: it finds out whether the client is still there.
    const keepalive = setInterval(() => response.write('keepalive: \n\n'), KEEPALIVE_MS)
    keepalive.unref()
    this.#hub.add(listener)
    response.on('close', () => {
      clearInterval(keepalive)
      this.#hub.remove(listener)
    })
  }
}

/** Indented as MailHog sends it, so every line of the JSON is a `data:` line of the event. */
function eventOf(json: string): string {
  const indented = escapeJson(JSON.stringify(JSON.parse(json), null, 2))
  return `data: ${indented.replaceAll('\n', '\ndata: ')}\n\n`
}

// RFC 6455 1.3: what a server adds to the key to prove that it speaks WebSocket.
const KEY_SUFFIX = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const PING_MS = 54_000
/** MailHog's clients have nothing to say: more than this closes the connection. */
const MAX_RECEIVED_BYTES = 1
// RFC 6455 7.4.1.
const CLOSE_TOO_BIG = Buffer.from([0x03, 0xf1])

/** Answers an upgrade request (RFC 6455 4.2) and sends every stored message as one text frame. */
export function openWebSocket(request: IncomingMessage, socket: Duplex, hub: Hub): void {
  const key = request.headers['sec-websocket-key']
  if (key === undefined || request.headers['sec-websocket-version'] !== '13') {
    socket.end(
      'HTTP/1.1 400 Bad Request\r\nSec-WebSocket-Version: 13\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
    )
    return
  }
  const accept = createHash('sha1').update(`${key}${KEY_SUFFIX}`).digest('base64')
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  )
  serveFrames(socket, hub)
}

function serveFrames(socket: Duplex, hub: Hub): void {
  const listener = {
    offer(json: string): boolean {
      if (socket.writableLength > MAX_BACKLOG_BYTES) return false
      // MailHog's encoder ends each message with a line feed.
      socket.write(encodeFrame(OPCODES.text, Buffer.from(`${json}\n`, 'latin1')))
      return true
    },
  }
  const ping = setInterval(() => socket.write(encodeFrame(OPCODES.ping)), PING_MS)
  ping.unref()
  const frames = new FrameReader()
  socket.on('data', (chunk: Buffer) => {
    for (const frame of frames.push(chunk)) answerFrame(frame, socket)
  })
  // The peer is gone: 'close' follows.
  socket.on('error', () => {})
  socket.on('end', () => socket.end())
  socket.on('close', () => {
    clearInterval(ping)
    hub.remove(listener)
  })
  hub.add(listener)
}

function answerFrame(frame: Frame, socket: Duplex): void {
  if (!socket.writable) return
  if (frame.opcode === OPCODES.ping) socket.write(encodeFrame(OPCODES.pong, frame.payload))
  else if (frame.opcode === OPCODES.close) socket.end(encodeFrame(OPCODES.close, frame.payload))
  else if (frame.opcode !== OPCODES.pong && frame.length > MAX_RECEIVED_BYTES) {
    socket.end(encodeFrame(OPCODES.close, CLOSE_TOO_BIG))
  }
}
