import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { LOOPBACK, listening } from '../../listening.ts'
import { answer, type TenantResponse } from './route.ts'
import type { Tenant } from './tenant.ts'

export interface TenantServerOptions {
  /** Undefined or 0: any free port. */
  readonly port?: number
  readonly host?: string
}

/** A thousand reports take a few hundred KB; a client that sends this much is not ours. */
const MAX_BODY_BYTES = 64 * 1024 ** 2

/** A tenant that listens on a port, for proxies in other processes. */
export class TenantServer implements AsyncDisposable {
  readonly tenant: Tenant
  readonly port: number
  /** Such as `http://127.0.0.1:8084`. */
  readonly url: string
  readonly #server: Server

  /** Throws a MailstormError when the port is not available. */
  static async open(
    tenant: Tenant,
    { port = 0, host = LOOPBACK }: TenantServerOptions = {},
  ): Promise<TenantServer> {
    const server = createServer((request, response) => void serve(tenant, request, response))
    return new TenantServer(tenant, server, host, await listening(server, { host, port }, 'for a tenant'))
  }

  private constructor(tenant: Tenant, server: Server, host: string, port: number) {
    this.tenant = tenant
    this.#server = server
    this.port = port
    this.url = `http://${host.includes(':') ? `[${host}]` : host}:${this.port}`
  }

  /** Cuts off requests in progress. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}

async function serve(tenant: Tenant, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const [path = '/'] = (request.url ?? '/').split('?')
    const reply = await answer(tenant, {
      method: request.method ?? 'GET',
      path,
      authorization: request.headers.authorization ?? null,
      text: () => textOf(request),
    })
    await send(reply, response)
  } catch (error) {
    tenant.noteError()
    if (response.headersSent) response.destroy()
    else response.writeHead(error instanceof TooLarge ? 413 : 500).end((error as Error).message)
  }
}

async function send(
  { status, headers, blocks, settle }: TenantResponse,
  response: ServerResponse,
): Promise<void> {
  response.writeHead(status, headers)
  const source = Readable.from(complete(blocks, Number(headers['content-length'])), { objectMode: false })
  // A client that disconnects is not our error; it only means that the answer was not read.
  const taken = await pipeline(source, response).then(
    () => true,
    () => false,
  )
  settle(taken)
}

/** Throws when there are fewer bytes than the header says, since the reader would wait for the rest. */
async function* complete(blocks: TenantResponse['blocks'], sizeBytes: number): AsyncGenerator<Uint8Array> {
  let bytes = 0
  try {
    for (let next = await blocks.next(); next.done !== true; next = await blocks.next()) {
      bytes += next.value.length
      yield next.value
    }
    if (bytes < sizeBytes) throw new Error(`${bytes} of ${sizeBytes} bytes`)
  } finally {
    await blocks.return?.()
  }
}

class TooLarge extends Error {}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > MAX_BODY_BYTES) throw new TooLarge(`the body has more than ${MAX_BODY_BYTES} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}
