import { once } from 'node:events'
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

export interface SyncCall {
  readonly atMs: number
  readonly headers: IncomingHttpHeaders
  readonly body: { readonly delivery_report?: readonly Report[]; readonly reports?: readonly Report[] }
}

export interface Report {
  readonly id: string
  readonly sent_ts?: number
  readonly error?: string
  readonly deferred_ts?: number
  readonly [key: string]: unknown
}

/** What it answers: a value is JSON with 200, a function does as it likes. */
export type SyncAnswer = object | ((response: ServerResponse, call: SyncCall) => void)

/** A tenant of the proxy: an HTTP server that keeps what it was told, and says what the test wants. */
export class TenantServer implements AsyncDisposable {
  readonly url: string
  readonly calls: SyncCall[] = []
  /** For the next calls, one each; then `{ok: true}`. */
  readonly answers: SyncAnswer[] = []
  /** In place of `{ok: true}`. */
  usual: SyncAnswer = { ok: true }
  /** Content by storage_path; absent = 404. */
  files: (path: string, response: ServerResponse) => void = (_, response) =>
    void response.writeHead(404).end()
  readonly #server: Server

  static async start(): Promise<TenantServer> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new TenantServer(server)
  }

  private constructor(server: Server) {
    this.#server = server
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    server.on('request', (request, response) => void this.#answer(request, response))
  }

  /** Of all calls that were answered as acknowledged by the test's usual answers. */
  get reports(): readonly Report[] {
    return this.calls.flatMap(({ body }) => body.delivery_report ?? [])
  }

  /** Reports of one kind, by their ids. */
  idsOf(kind: 'sent_ts' | 'error' | 'deferred_ts'): string[] {
    return this.reports.filter((report) => report[kind] !== undefined).map(({ id }) => id)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = JSON.parse(await text(request))
    if (request.url?.startsWith('/attachments')) return this.files(body.storage_path, response)
    const call = { atMs: performance.now(), headers: request.headers, body }
    this.calls.push(call)
    const answer = this.answers.shift() ?? this.usual
    if (typeof answer === 'function') return answer(response, call)
    response.setHeader('content-type', 'application/json').end(JSON.stringify(answer))
  }
}
