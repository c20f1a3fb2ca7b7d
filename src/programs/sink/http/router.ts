import type { IncomingMessage, ServerResponse } from 'node:http'

/** A request and its response, with the parameters of its route. */
export interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** Path segments that matched parameters, in order, decoded. */
  readonly parameters: readonly string[]
  readonly query: URLSearchParams
}

type Handler = (exchange: Exchange) => void | Promise<void>

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Such as `/api/v1/messages/:id`. */
  readonly path: string
  /** The API it belongs to, which determines the CORS fields. */
  readonly api: 'v1' | 'v2' | 'own'
  readonly handler: Handler
}

const MAX_REQUEST_BYTES = 1024 * 1024
/** Least size of an output chunk. */
const CHUNK_CHARACTERS = 64 * 1024

export function send(response: ServerResponse, status: number, type?: string, body = ''): void {
  if (type !== undefined) response.setHeader('Content-Type', type)
  response.statusCode = status
  response.setHeader('Content-Length', Buffer.byteLength(body))
  response.end(body)
}

/** As Go's http.Error. */
export function sendError(response: ServerResponse, status: number, text: string): void {
  response.setHeader('X-Content-Type-Options', 'nosniff')
  send(response, status, 'text/plain; charset=utf-8', `${text}\n`)
}

export function sendNotFound(response: ServerResponse): void {
  sendError(response, 404, '404 page not found')
}

/** Writes ASCII pieces as fast as the client reads them, never more than one piece ahead. */
export async function sendPieces(response: ServerResponse, pieces: Iterable<string>): Promise<void> {
  let text = ''
  for (const piece of pieces) {
    text += piece
    if (text.length < CHUNK_CHARACTERS) continue
    if (!response.write(text, 'latin1')) await drained(response)
    if (response.destroyed) return
    text = ''
  }
  response.end(text, 'latin1')
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done)
      response.off('close', done)
      resolve()
    }
    response.on('drain', done)
    response.on('close', done)
  })
}

/** The body as text; undefined when it is too long. */
export async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > MAX_REQUEST_BYTES) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

const ALLOWED_METHODS = {
  v1: 'OPTIONS,GET,POST,DELETE',
  v2: 'OPTIONS,GET,PUT,POST,DELETE',
} as const

export interface RouterOptions {
  /** Empty, or with a leading slash and none at the end. */
  readonly webPath: string
  readonly corsOrigin: string | undefined
}

/** Finds the route of a request; answers errors as MailHog's router does. */
export class Router {
  readonly #routes: readonly (Route & { readonly segments: readonly string[] })[]
  readonly #corsOrigin: string | undefined

  constructor(routes: readonly Route[], options: RouterOptions) {
    this.#corsOrigin = options.corsOrigin
    this.#routes = routes.map((route) => ({
      ...route,
      segments: `${options.webPath}${route.path}`.split('/'),
    }))
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { path, query } = splitTarget(request.url ?? '/')
    if (path === undefined) return sendError(response, 400, '400 Bad Request')
    const clean = cleanPath(path)
    if (clean !== path) return redirect(response, clean)
    const found = this.#find(request.method ?? 'GET', path)
    if (found === undefined) {
      const other = path.endsWith('/') ? path.slice(0, -1) : `${path}/`
      return this.#find(request.method ?? 'GET', other) ? redirect(response, other) : sendNotFound(response)
    }
    const exchange: Exchange = { request, response, parameters: found.parameters, query }
    this.#allowOrigin(response, found.api)
    await found.handler(exchange)
  }

  #find(method: string, path: string): (Route & { parameters: readonly string[] }) | undefined {
    const segments = path.split('/')
    for (const route of this.#routes) {
      const parameters = match(route.segments, segments)
      if (parameters === undefined) continue
      if (route.method === method) return { ...route, parameters }
      if (method === 'OPTIONS' && route.api !== 'own') return { ...route, handler: answerOptions, parameters }
    }
    return undefined
  }

  #allowOrigin(response: ServerResponse, api: Route['api']): void {
    if (this.#corsOrigin === undefined || api === 'own') return
    response.setHeader('Access-Control-Allow-Origin', this.#corsOrigin)
    response.setHeader('Access-Control-Allow-Methods', ALLOWED_METHODS[api])
    response.setHeader('Access-Control-Allow-Headers', 'Content-Type')
  }
}

const answerOptions: Handler = ({ response }) => send(response, 200)

function match(pattern: readonly string[], segments: readonly string[]): string[] | undefined {
  if (pattern.length !== segments.length) return undefined
  const parameters: string[] = []
  for (const [index, expected] of pattern.entries()) {
    const segment = segments[index] ?? ''
    if (expected.startsWith(':') && segment !== '') parameters.push(segment)
    else if (expected !== segment) return undefined
  }
  return parameters
}

function splitTarget(target: string): { path: string | undefined; query: URLSearchParams } {
  const mark = target.indexOf('?')
  const query = new URLSearchParams(mark === -1 ? '' : target.slice(mark + 1))
  try {
    return { path: decodeURIComponent(mark === -1 ? target : target.slice(0, mark)), query }
  } catch {
    return { path: undefined, query }
  }
}

/** Removes empty, `.` and `..` segments; keeps a trailing slash. */
function cleanPath(path: string): string {
  const kept: string[] = []
  for (const segment of path.split('/')) {
    if (segment === '..') kept.pop()
    else if (segment !== '' && segment !== '.') kept.push(segment)
  }
  const slash = path.endsWith('/') && kept.length > 0 ? '/' : ''
  return `/${kept.join('/')}${slash}`
}

function redirect(response: ServerResponse, path: string): void {
  response.setHeader('Location', encodeURI(path))
  send(response, 301)
}
