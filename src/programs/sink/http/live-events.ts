import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { StoredMessage } from '../store/stored-message.ts'
import { escapeJson } from './go-json.ts'
import { messageJson } from './message-view.ts'
import type { Messages } from './messages.ts'

export interface Listener {
  /** False when the listener is too far behind, and the event was dropped. */
  offer(json: string): boolean
}

/** A listener with a larger backlog gets no more events. */
const MAX_BACKLOG_BYTES = 8 * 1024 * 1024

/** Larger messages are not announced: their JSON would be several times as long. */
const MAX_ANNOUNCED_BYTES = 16 * 1024 * 1024

/**
 * Tells listeners of each stored message. A listener that falls behind loses events, which are counted; nothing
 * waits for it.
 */
export class Hub {
  readonly #messages: Messages
  readonly #listeners = new Set<Listener>()
  #dropped = 0

  constructor(messages: Messages) {
    this.#messages = messages
  }

  /** Events dropped because a listener was too far behind. */
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
    // A comment, not an event: finds out whether the client is still there.
    const keepalive = setInterval(() => response.write('keepalive: \n\n'), KEEPALIVE_MS)
    keepalive.unref()
    this.#hub.add(listener)
    response.on('close', () => {
      clearInterval(keepalive)
      this.#hub.remove(listener)
    })
  }
}

/** Indented as MailHog sends it, so every line of the JSON becomes a `data:` line of the event. */
function eventOf(json: string): string {
  const indented = escapeJson(JSON.stringify(JSON.parse(json), null, 2))
  return `data: ${indented.replaceAll('\n', '\ndata: ')}\n\n`
}

const PING_MS = 54_000
/** MailHog's clients have nothing to send: a longer message closes the connection (1009). */
const MAX_RECEIVED_BYTES = 1

/** Upgrades `GET /api/v2/websocket` (RFC 6455); sends every stored message as one text frame. */
export class WebSockets {
  readonly #hub: Hub
  readonly #server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MAX_RECEIVED_BYTES,
  })

  constructor(hub: Hub) {
    this.#hub = hub
    this.#server.on('wsClientError', (_error, socket) => refuseHandshake(socket))
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // The package also accepts version 8, a draft of the protocol; MailHog does not.
    if (request.headers['sec-websocket-version'] !== '13') refuseHandshake(socket)
    else this.#server.handleUpgrade(request, socket, head, (client) => this.#serve(client))
  }

  #serve(client: WebSocket): void {
    const listener = {
      offer(json: string): boolean {
        if (client.bufferedAmount > MAX_BACKLOG_BYTES) return false
        // MailHog's encoder ends each message with a line feed.
        client.send(Buffer.from(`${json}\n`, 'latin1'), { binary: false })
        return true
      },
    }
    const ping = setInterval(() => client.ping(), PING_MS)
    ping.unref()
    // The peer broke the protocol or disconnected; 'close' follows.
    client.on('error', () => {})
    client.on('close', () => {
      clearInterval(ping)
      this.#hub.remove(listener)
    })
    this.#hub.add(listener)
  }
}

/** RFC 6455 4.4: says which version is supported. */
function refuseHandshake(socket: Duplex): void {
  socket.on('error', () => {})
  socket.end(
    'HTTP/1.1 400 Bad Request\r\nSec-WebSocket-Version: 13\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
  )
}
