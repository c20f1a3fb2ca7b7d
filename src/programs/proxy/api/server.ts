import type { FastifyError, FastifyInstance } from 'fastify'
import Fastify from 'fastify'
import { errorText } from '../../../error.ts'
import type { Log } from '../log.ts'
import { mayPass } from '../store/database.ts'

/** An error response; always JSON, always with a reason. */
export class Refusal extends Error {
  readonly status: number
  /** Text, or what is wrong with each part of the request. */
  readonly detail: unknown

  constructor(status: number, detail: unknown) {
    super(typeof detail === 'string' ? detail : 'refused')
    this.status = status
    this.detail = detail
  }
}

/** Messages are 5 levels deep. Much deeper nesting is an attack on whatever walks it. */
const MAX_DEPTH = 32

/** Accepts only JSON bodies, within the server's size limit and not nested too deeply. */
function takeJsonOnly(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    const text = String(body)
    if (text.trim() === '') return done(null, undefined)
    if (deeperThan(text, MAX_DEPTH))
      return done(new Refusal(400, `the body is nested more than ${MAX_DEPTH} deep`))
    void parse(request, text, done)
  })
  app.addContentTypeParser('*', (_request, _payload, done) => {
    done(new Refusal(415, 'the body has to be application/json'))
  })
  app.addHook('onRequest', async (request) => {
    if (request.headers['content-encoding'] !== undefined)
      throw new Refusal(415, 'compressed bodies are not accepted')
  })
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPENING = new Set([0x5b, 0x7b])
const CLOSING = new Set([0x5d, 0x7d])

export function deeperThan(json: string, depth: number): boolean {
  let open = 0
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at)
    if (code === QUOTE) at = endOfString(json, at)
    else if (OPENING.has(code) && ++open > depth) return true
    else if (CLOSING.has(code)) open -= 1
  }
  return false
}

/** Index of the closing quote. Large bodies are mostly strings, which indexOf crosses quickly. */
function endOfString(json: string, quoteAt: number): number {
  for (let end = json.indexOf('"', quoteAt + 1); end !== -1; end = json.indexOf('"', end + 1)) {
    let backslashes = 0
    while (json.charCodeAt(end - 1 - backslashes) === BACKSLASH) backslashes += 1
    if (backslashes % 2 === 0) return end
  }
  return json.length
}

export interface ServerOptions {
  readonly maxBodyBytes: number
  readonly log: Log
}

/** From the first byte of a request to its last. */
const REQUEST_WITHIN_MS = 60_000

/** An HTTP server with JSON requests and responses, errors included. */
export function newServer({ maxBodyBytes, log }: ServerOptions): FastifyInstance {
  const app = Fastify({
    bodyLimit: maxBodyBytes,
    forceCloseConnections: 'idle',
    requestTimeout: REQUEST_WITHIN_MS,
    routerOptions: { maxParamLength: 1_024 },
  })
  takeJsonOnly(app)
  app.setErrorHandler((error: FastifyError | Refusal, request, reply) => {
    const { status, detail } = refusalOf(error)
    if (status === 500) log.error('a request failed', { url: request.url, error: errorText(error) })
    return reply.status(status).send({ ok: false, detail })
  })
  app.setNotFoundHandler((request, reply) => {
    return reply
      .status(404)
      .send({ ok: false, detail: `there is no ${request.method} ${request.url.slice(0, 200)}` })
  })
  return app
}

function refusalOf(error: FastifyError | Refusal): { readonly status: number; readonly detail: unknown } {
  if (error instanceof Refusal) return error
  const { statusCode = 500 } = error
  // Fastify's own refusals: too large, not JSON, unknown encoding.
  if (statusCode < 500) return { status: statusCode, detail: error.message }
  if (mayPass(error))
    return { status: 503, detail: 'the database is unavailable or takes no writes; try again' }
  return { status: 500, detail: 'internal error' }
}
