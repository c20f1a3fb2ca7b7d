import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { errorText } from '../../../error.ts'
import { endBounceTurn } from '../store/bounces.ts'
import { changeInstance, type Instance, listCommands, logCommand, readInstance } from '../store/instance.ts'
import type { Access, ApiParts } from './access.ts'
import { checked, id, instanceChange } from './bodies.ts'
import { Refusal } from './server.ts'

const time = z.coerce.number().min(0).max(253_402_300_799).optional()
const commands = z.object({
  tenant_id: id.optional(),
  since_ts: time,
  until_ts: time,
  endpoint_filter: id.optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
})
/** Most entries of an exported log, in the order in which they can be replayed. */
const MOST_EXPORTED = 100_000

/** Settings of the instance and its log of commands; for the admin. */
export function instanceRoutes(app: FastifyInstance, { db, access }: ApiParts): void {
  app.get('/instance', async (request) => {
    await access.admin(request)
    return shown(await readInstance(db))
  })

  app.put('/instance', async (request) => {
    await access.admin(request)
    await changeInstance(db, checked(instanceChange, request.body))
    return { ok: true }
  })

  app.post('/instance/reload-bounce', async (request) => {
    await access.admin(request)
    const { bounce_enabled, bounce_imap_host } = await readInstance(db)
    if (bounce_enabled && !bounce_imap_host) throw new Refusal(400, 'bounce_enabled needs a bounce_imap_host')
    await endBounceTurn(db, true)
    return { ok: true }
  })

  app.get('/command-log', async (request) => {
    await access.admin(request)
    const { tenant_id, since_ts, until_ts, endpoint_filter, limit } = checked(
      commands,
      request.query,
      'query',
    )
    const found = await listCommands(db, {
      ...{ tenantId: tenant_id, sinceTs: since_ts, untilTs: until_ts, endpoint: endpoint_filter, limit },
    })
    const listed = found.map((row) => ({ ...row, id: Number(row.id), payload: JSON.parse(row.payload) }))
    return { ok: true, commands: listed, total: listed.length }
  })

  app.get('/command-log/export', async (request) => {
    await access.admin(request)
    const { tenant_id, since_ts, until_ts } = checked(commands, request.query, 'query')
    const filter = { tenantId: tenant_id, sinceTs: since_ts, untilTs: until_ts, limit: MOST_EXPORTED }
    const found = (await listCommands(db, filter)).filter(({ cut }) => !cut)
    const exported = found.toReversed().map(({ endpoint, tenant_id: tenantId, payload, command_ts }) => {
      return { endpoint, tenant_id: tenantId, payload: JSON.parse(payload), command_ts }
    })
    return { ok: true, commands: exported }
  })
}

/** Without the password. */
function shown({ bounce_imap_password, ...instance }: Instance): object {
  return { id: 1, bounce_enabled: false, ...instance }
}

const CHANGES = new Set(['POST', 'PUT', 'DELETE'])
/** Larger payloads are not kept: they are mostly attachments, which the messages already have. */
const MOST_KEPT = 64 * 1024
const MOST_OF_ANSWER = 2_000
/** Names of fields whose values are not kept. */
const SECRET = /password|token|secret|api_key|apikey|^auth$/i

/**
 * Logs each call that may have changed something, once it is answered, to show who did what and to replay it. A
 * call that cannot be logged still counts; the failure goes to the process log.
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
    // A caller that was not let in has changed nothing, and must not fill a table.
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
      log.warning('a call could not be logged', { endpoint: command.endpoint, error: errorText(error) }),
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

/** `https://user:password@host/…` (RFC 3986 3.2.1), anywhere in a text. */
const CREDENTIALS_OF_URL = /(https?:\/\/)[^\s/?#]*@/gi

function hideSecrets(key: string, value: unknown): unknown {
  if (SECRET.test(key) && value !== null) return '***'
  return typeof value === 'string' ? value.replace(CREDENTIALS_OF_URL, '$1***@') : value
}

function withoutSecrets(answer: string): string {
  return answer.replace(/"api_key":"[^"]*"/g, '"api_key":"***"')
}

/** The tenant of the presented key; undefined for the admin, or when unknown. */
async function ownTenant(access: Access, request: FastifyRequest): Promise<string | undefined> {
  const caller = await access.caller(request).catch(() => undefined)
  return caller?.kind === 'tenant' ? caller.tenantId : undefined
}

/** As named in the path, query or body. */
function tenantIdOf(request: FastifyRequest): string | undefined {
  const given = {
    ...(request.url.startsWith('/tenant/') ? { tenant_id: (request.params as { id?: unknown }).id } : {}),
    ...(request.query as object),
    ...bodyOf(request),
  } as { tenant_id?: unknown; id?: unknown }
  const id = given.tenant_id ?? (request.url.startsWith('/tenant') ? given.id : undefined)
  return typeof id === 'string' ? id.slice(0, 255) : undefined
}
