import type { FastifyInstance, FastifyRequest } from 'fastify'
import { errorText } from '../../error.ts'
import { logCommand } from '../store/command-log.ts'
import type { Access, ApiParts } from './access.ts'

const CHANGES = new Set(['POST', 'PUT', 'DELETE'])
/** A larger payload is not kept: most of it is attachments, which the messages have already. */
const MOST_KEPT = 64 * 1024
const MOST_OF_ANSWER = 2_000
/** Names of what is nobody's to read later. */
const SECRET = /password|token|secret|api_key|apikey|^auth$/i

/**
 * Notes each call that may have changed something, once it is answered: for whoever wants to know who did what, and
 * to do it again. What cannot be noted is told in the log; the call has happened all the same.
 */
export function logCommands(app: FastifyInstance, { db, log, access }: ApiParts): void {
  const answers = new WeakMap<FastifyRequest, string>()
  app.addHook('onSend', async (request, _reply, payload) => {
    if (typeof payload === 'string' && CHANGES.has(request.method))
      answers.set(request, payload.slice(0, MOST_OF_ANSWER))
    return payload
  })
  app.addHook('onResponse', async (request, reply) => {
    if (!CHANGES.has(request.method)) return
    const atTs = Date.now() / 1000
    // Who was not let in has changed nothing, and should not fill a table.
    if (reply.statusCode === 401 || reply.statusCode === 403 || reply.statusCode === 404) return
    const isLarge = Number(request.headers['content-length'] ?? 0) > MOST_KEPT
    const { body, cut } = isLarge ? CUT : kept({ ...(request.query as object), ...bodyOf(request) })
    const command = {
      atTs,
      endpoint: `${request.method} ${request.url.split('?')[0]}`,
      tenantId: tenantIdOf(request) ?? (await ownTenant(access, request)),
      payload: body,
      cut,
      responseStatus: reply.statusCode,
      responseBody: withoutSecrets(answers.get(request) ?? ''),
    }
    await logCommand(db, command).catch((error) =>
      log.warning('a command could not be noted', { endpoint: command.endpoint, error: errorText(error) }),
    )
  })
}

const CUT = { body: '{}', cut: true }

function bodyOf({ body }: FastifyRequest): object {
  return typeof body === 'object' && body !== null ? body : {}
}

function kept(payload: object): { readonly body: string; readonly cut: boolean } {
  const body = JSON.stringify(payload, hideSecrets)
  return body.length > MOST_KEPT ? CUT : { body, cut: false }
}

/** `https://user:password@host/…` (RFC 3986 3.2.1), wherever it stands. */
const CREDENTIALS_OF_URL = /(https?:\/\/)[^\s/?#]*@/gi

function hideSecrets(key: string, value: unknown): unknown {
  if (SECRET.test(key) && value !== null) return '***'
  return typeof value === 'string' ? value.replace(CREDENTIALS_OF_URL, '$1***@') : value
}

function withoutSecrets(answer: string): string {
  return answer.replace(/"api_key":"[^"]*"/g, '"api_key":"***"')
}

/** Of the key that was shown; undefined for the admin, and when it cannot be told. */
async function ownTenant(access: Access, request: FastifyRequest): Promise<string | undefined> {
  const caller = await access.caller(request).catch(() => undefined)
  return caller?.kind === 'tenant' ? caller.tenantId : undefined
}

/** As the call names it: a tenant of a path, of a query, of a body. */
function tenantIdOf(request: FastifyRequest): string | undefined {
  const given = {
    ...(request.url.startsWith('/tenant/') ? { tenant_id: (request.params as { id?: unknown }).id } : {}),
    ...(request.query as object),
    ...bodyOf(request),
  } as { tenant_id?: unknown; id?: unknown }
  const id = given.tenant_id ?? (request.url.startsWith('/tenant') ? given.id : undefined)
  return typeof id === 'string' ? id.slice(0, 255) : undefined
}
