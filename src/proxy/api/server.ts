import Fastify, { type FastifyError, type FastifyInstance } from 'fastify'
import { errorText } from '../../error.ts'
import type { Log } from '../log.ts'
import { mayPass } from '../store/database.ts'
import { takeJsonOnly } from './json-body.ts'
import { Refusal } from './refusal.ts'

export interface ServerOptions {
  readonly maxBodyBytes: number
  readonly log: Log
}

/** From the first byte of a request to its last. */
const REQUEST_WITHIN_MS = 60_000

/** An HTTP server that takes JSON and gives JSON, refusals too. */
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
  // Fastify's own refusals: too large, not JSON, no such encoding.
  if (statusCode < 500) return { status: statusCode, detail: error.message }
  if (mayPass(error))
    return { status: 503, detail: 'the database is not there, or takes no writes; try again' }
  return { status: 500, detail: 'internal error' }
}
