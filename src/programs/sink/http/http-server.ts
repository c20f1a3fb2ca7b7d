import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { compareSync } from 'bcryptjs'
import { MailstormError } from '../../../error.ts'
import { type Hub, WebSockets } from './live-events.ts'
import type { Router } from './router.ts'

/** Go's server keeps idle connections for ever; do not cut a client's pool while it is idle. */
const KEEP_ALIVE_MS = 120_000

export interface HttpServerOptions {
  readonly router: Router
  readonly auth: BasicAuth | undefined
  /** Sent with every response when answers lack the bodies. */
  readonly headerOnly: boolean
  /** Path for websocket upgrades; undefined on a listener without the API. */
  readonly websocket: { readonly path: string; readonly hub: Hub } | undefined
}

export interface SinkHttpServer {
  /** Not yet listening. */
  readonly server: Server
  /** Ends every connection, including those upgraded to websockets. */
  cutAll(): void
}

export function createHttpServer(options: HttpServerOptions): SinkHttpServer {
  const { router, auth, websocket } = options
  const upgraded = new Set<Duplex>()
  const websockets = websocket && new WebSockets(websocket.hub)
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
    if (options.headerOnly) response.setHeader('X-Mailstorm-Sink', 'digest-only')
    if (auth !== undefined && !auth.allows(request)) {
      response.setHeader('WWW-Authenticate', 'Basic')
      response.writeHead(401, { 'Content-Length': 0 }).end()
      return
    }
    router.handle(request, response).catch((error: Error) => {
      console.error(`Failed to answer ${request.method} ${request.url}: ${error.stack}`)
      if (response.headersSent) response.destroy()
      else response.writeHead(500, { 'Content-Length': 0 }).end()
    })
  })
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    upgraded.add(socket)
    socket.on('close', () => upgraded.delete(socket))
    const [path] = (request.url ?? '').split('?', 1)
    if (auth !== undefined && !auth.allows(request)) refuse(socket, '401 Unauthorized')
    else if (websockets === undefined || path !== websocket?.path) refuse(socket, '404 Not Found')
    else websockets.upgrade(request, socket, head)
  })
  const cutAll = () => {
    server.closeAllConnections()
    for (const socket of upgraded) socket.destroy()
  }
  return { server, cutAll }
}

function refuse(socket: Duplex, status: string): void {
  const challenge = status.startsWith('401') ? 'WWW-Authenticate: Basic\r\n' : ''
  socket.on('error', () => {})
  socket.end(`HTTP/1.1 ${status}\r\n${challenge}Content-Length: 0\r\nConnection: close\r\n\r\n`)
}

/** Cost, salt and digest, as written by MailHog's `bcrypt` command. */
const BCRYPT_HASH = /^\$2[aby]\$(?:0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{53}$/

/** HTTP basic authentication (RFC 7617) against MailHog's auth file: `user:bcrypt hash` per line. */
export class BasicAuth {
  readonly #hashes: ReadonlyMap<string, string>
  /** Digests of credentials that passed: bcrypt is slow by design, and every request carries them. */
  readonly #passed = new Set<string>()

  static fromFile(path: string): BasicAuth {
    const failure = (why: string) =>
      new MailstormError('SINK_AUTH_FILE', `Failed to read MH_AUTH_FILE "${path}": ${why}.`)
    let text: string
    try {
      text = readFileSync(path, 'utf8')
    } catch (error) {
      throw failure((error as Error).message)
    }
    const hashes = new Map<string, string>()
    for (const [index, line] of text.split('\n').entries()) {
      if (line.trim() === '') continue
      const [, user = '', hash = ''] = /^([^:]+):(.+)$/.exec(line.trim()) ?? []
      if (!BCRYPT_HASH.test(hash)) throw failure(`line ${index + 1} is not "user:bcrypt hash"`)
      hashes.set(user, hash)
    }
    return new BasicAuth(hashes)
  }

  constructor(hashes: ReadonlyMap<string, string>) {
    this.#hashes = hashes
  }

  allows(request: IncomingMessage): boolean {
    const [, encoded = ''] = /^basic +(\S+)$/i.exec(request.headers.authorization ?? '') ?? []
    const digest = createHash('sha256').update(encoded).digest('base64')
    if (this.#passed.has(digest)) return true
    const credentials = Buffer.from(encoded, 'base64').toString()
    const colon = credentials.indexOf(':')
    const hash = colon === -1 ? undefined : this.#hashes.get(credentials.slice(0, colon))
    if (hash === undefined || !compareSync(credentials.slice(colon + 1), hash)) return false
    this.#passed.add(digest)
    return true
  }
}
