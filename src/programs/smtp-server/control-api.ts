import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { listening } from '../../listening.ts'
import type { ServerConfig } from './config.ts'
import { entryLine, type Ledger, readLedgerEntries } from './ledger.ts'

type Answer = (response: ServerResponse, run: string) => void | Promise<void>

/**
 * HTTP API to ask a server what it received: `GET /health`, `GET /ledger?run=<id>`,
 * `GET /ledger/entries?run=<id>` (NDJSON). An empty run id selects the messages without an id.
 */
export class ControlApi {
  readonly port: number
  readonly #server: Server

  static async open(config: ServerConfig, ledger: Ledger): Promise<ControlApi> {
    const routes = routesOf(config, ledger)
    const server = createServer((request, response) => {
      answer(routes, request, response).catch((error: NodeJS.ErrnoException) => {
        // The client went away before the end, which is its own business.
        if (error.code === 'ERR_STREAM_PREMATURE_CLOSE') return
        console.error(`Failed to answer ${request.method} ${request.url}: ${error.message}`)
        response.destroy()
      })
    })
    const { controlHost: host, controlPort: port } = config
    return new ControlApi(server, await listening(server, { host, port }, '(CONTROL_PORT)'))
  }

  private constructor(server: Server, port: number) {
    this.#server = server
    this.port = port
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }
}

function routesOf({ domain }: ServerConfig, ledger: Ledger): Record<string, Answer> {
  return {
    '/health': (response) => json(response, 200, { status: 'ok', domain, pid: process.pid }),
    '/ledger': (response, run) => json(response, 200, ledger.of(run)),
    '/ledger/entries': async (response, run) => {
      response.writeHead(200, { 'content-type': 'application/x-ndjson' })
      await pipeline(Readable.from(lines(ledger.path, run)), response)
    },
  }
}

async function answer(
  routes: Record<string, Answer>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const [path = '', query = ''] = (request.url ?? '').split('?', 2)
  const route = Object.hasOwn(routes, path) ? routes[path] : undefined
  if (route === undefined) {
    return json(response, 404, { error: `No such path. There are: ${Object.keys(routes).join(', ')}` })
  }
  if (request.method !== 'GET') {
    response.setHeader('allow', 'GET')
    return json(response, 405, { error: 'Only GET is allowed.' })
  }
  const run = new URLSearchParams(query).get('run')
  if (run === null && path !== '/health') {
    return json(response, 400, { error: 'The run is missing: add ?run=<run id>' })
  }
  await route(response, run ?? '')
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`)
}

async function* lines(path: string, run: string): AsyncGenerator<string> {
  for await (const entry of readLedgerEntries(path, run)) yield entryLine(entry)
}
