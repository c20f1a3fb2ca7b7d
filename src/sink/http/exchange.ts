import type { IncomingMessage, ServerResponse } from 'node:http'

/** One request and its response, with what the route has made of the path. */
export interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** Path segments that the route left open, in order, decoded. */
  readonly parameters: readonly string[]
  readonly query: URLSearchParams
}

export type Handler = (exchange: Exchange) => void | Promise<void>

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** As `/api/v1/messages/:id`. */
  readonly path: string
  /** Which API it belongs to: decides the CORS fields. */
  readonly api: 'v1' | 'v2' | 'own'
  readonly handler: Handler
}

const MAX_REQUEST_BYTES = 1024 * 1024
/** Output is written in chunks of at least this. */
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

/** Writes ASCII pieces as fast as the client reads them, never more than a piece ahead. */
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
