import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { MailstormError } from '../../error.ts'
import { LOOPBACK } from '../../listening.ts'
import type { LiveEvent, LiveHub } from './hub.ts'

/** Ports to try one after another, from the requested one. */
const PORTS_TRIED = 50
export const EVENTS_PATH = '/events'

/** Serves one page and its events, as server-sent events (HTML Standard, 9.2). */
export class LiveServer {
  readonly #server: Server
  readonly #hub: LiveHub
  readonly #page: string
  readonly #streams = new Set<ServerResponse>()

  constructor(hub: LiveHub, page: string) {
    this.#hub = hub
    this.#page = page
    this.#server = createServer((request, response) => this.#answer(request, response))
  }

  /** Listens on the first free port from `firstPort` on; resolves with the page's address. */
  async start(firstPort: number): Promise<string> {
    for (let port = firstPort; port < Math.min(firstPort + PORTS_TRIED, 65_536); port++) {
      if (await this.#listens(port)) {
        const { port: taken } = this.#server.address() as AddressInfo
        // Open pages must not keep the run alive.
        this.#server.unref()
        return `http://${LOOPBACK}:${taken}`
      }
    }
    throw new MailstormError(
      'NO_PORT',
      `Failed to start the live view: no port from ${firstPort} to ${firstPort + PORTS_TRIED - 1} is free.`,
      'Set STRESS_LIVE_PORT to a free one.',
    )
  }

  /** Ends all streams; events sent before still arrive. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return
    const ended = [...this.#streams].map(async (stream) => {
      const finished = once(stream, 'close')
      stream.end()
      await finished
    })
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeIdleConnections()
    const patience = new Promise((resolve) => setTimeout(resolve, STOP_PATIENCE_MS).unref())
    await Promise.race([Promise.all([...ended, closed]), patience])
    this.#server.closeAllConnections()
  }

  async #listens(port: number): Promise<boolean> {
    this.#server.listen(port, LOOPBACK)
    try {
      await once(this.#server, 'listening')
      return true
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return false
      throw error
    }
  }

  #answer({ headers, url }: IncomingMessage, response: ServerResponse): void {
    // A page from elsewhere whose name points to this machine must not read it (DNS rebinding).
    if (!/^(127\.0\.0\.1|localhost)(:\d+)?$/.test(headers.host ?? '')) response.writeHead(403).end()
    else if (url === EVENTS_PATH) this.#stream(response)
    else if (url === '/')
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(this.#page)
    else response.writeHead(404, { 'content-type': 'text/plain' }).end('There is nothing here but /.\n')
  }

  #stream(response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    this.#streams.add(response)
    const leave = this.#hub.listen((event) => response.write(frame(event)))
    response.on('close', () => {
      leave()
      this.#streams.delete(response)
    })
  }
}

const STOP_PATIENCE_MS = 3_000

/** JSON has no line breaks, so one `data` line holds it. */
function frame({ name, data }: LiveEvent): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`
}
