import type { ServerResponse } from 'node:http'
import { escapeJson } from '../mail/text.ts'
import { type Hub, MAX_BACKLOG_BYTES } from './hub.ts'

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
        response.write(event(json), 'latin1')
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
function event(json: string): string {
  const indented = escapeJson(JSON.stringify(JSON.parse(json), null, 2))
  return `data: ${indented.replaceAll('\n', '\ndata: ')}\n\n`
}
