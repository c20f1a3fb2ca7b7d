import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { Duplex } from 'node:stream'
import type { BasicAuth } from './basic-auth.ts'
import type { Hub } from './hub.ts'
import type { Router } from './router.ts'
import { openWebSocket } from './websocket.ts'

/** Go's server keeps idle connections for ever; a client's pool may not be cut while it thinks. */
const KEEP_ALIVE_MS = 120_000

export interface HttpServerOptions {
  readonly router: Router
  readonly auth: BasicAuth | undefined
  /** Put on every response: says that answers lack the bodies. */
  readonly headerOnly: boolean
  /** Where websockets are opened; undefined on a listener without the API. */
  readonly websocket: { readonly path: string; readonly hub: Hub } | undefined
}

export interface SinkHttpServer {
  /** Not yet listening. */
  readonly server: Server
  /** Ends every connection, those that became websockets too. */
  cutAll(): void
}

export function createHttpServer(options: HttpServerOptions): SinkHttpServer {
  const { router, auth, websocket } = options
  const upgraded = new Set<Duplex>()
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
  server.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
    upgraded.add(socket)
    socket.on('close', () => upgraded.delete(socket))
    const [path] = (request.url ?? '').split('?', 1)
    if (auth !== undefined && !auth.allows(request)) refuse(socket, '401 Unauthorized')
    else if (websocket === undefined || path !== websocket.path) refuse(socket, '404 Not Found')
    else openWebSocket(request, socket, websocket.hub)
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
