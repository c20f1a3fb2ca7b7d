import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { readPriority } from '../intake/mail.ts'
import { Unacceptable } from '../intake/mailbox.ts'
import { ALREADY_SENT, takeMessages } from '../store/intake.ts'
import { deleteMessages, forget, listMessages, queueState } from '../store/messages.ts'
import { syncNow } from '../store/sync.ts'
import { ALL_BATCHES, setSuspended } from '../store/tenants.ts'
import type { ApiParts } from './access.ts'
import { checked, id } from './bodies.ts'
import { Refusal } from './server.ts'

/** 100 years: PostgreSQL's dates go back no further than 4713 BC. */
const MAX_AGE_SECONDS = 100 * 366 * 86_400

const someTenant = z.object({ tenant_id: id.optional() })
const batch = someTenant.extend({ batch_code: id.max(64).optional() })
const newMessages = someTenant.extend({
  messages: z.array(z.unknown()),
  default_priority: z.unknown().optional(),
})
const ids = someTenant.extend({ ids: z.array(id).max(100_000) })
const cleanup = someTenant.extend({ older_than_seconds: z.number().min(0).max(MAX_AGE_SECONDS).nullish() })

/** genro-mail-proxy takes some of these from the query and others from the body; ours accepts both. */
function given(request: FastifyRequest): object {
  const body = typeof request.body === 'object' ? request.body : undefined
  return { ...(request.query as object), ...body }
}

export function commandRoutes(app: FastifyInstance, parts: ApiParts): void {
  addMessages(app, parts)
  runNow(app, parts)
  suspension(app, parts, true)
  suspension(app, parts, false)
  deletion(app, parts)
}

function addMessages(app: FastifyInstance, { db, access, config, wake }: ApiParts): void {
  app.post('/commands/add-messages', async (request) => {
    const caller = await access.caller(request)
    const { messages, tenant_id, default_priority } = checked(newMessages, given(request))
    if (messages.length > config.maxBatch)
      throw new Refusal(400, `${messages.length} messages at once; ${config.maxBatch} are allowed`)
    const onlyTenantId = caller.kind === 'tenant' ? caller.tenantId : undefined
    if (tenant_id !== undefined) await access.tenant(request, tenant_id)
    const options = {
      onlyTenantId,
      tenantId: tenant_id ?? onlyTenantId,
      priority: priorityOf(default_priority),
    }
    const { queued, rejected } = await takeMessages(db, messages, options)
    if (queued > 0) wake()
    const refused = queued === 0 && rejected.some(({ reason }) => reason !== ALREADY_SENT)
    if (refused) throw new Refusal(400, { error: 'no message was queued', rejected })
    return { ok: true, queued, rejected }
  })
}

function runNow(app: FastifyInstance, { db, access, wake }: ApiParts): void {
  app.post('/commands/run-now', async (request) => {
    const caller = await access.caller(request)
    const { tenant_id } = checked(someTenant, given(request))
    const tenantId =
      caller.kind === 'tenant' || tenant_id !== undefined
        ? await access.tenant(request, tenant_id)
        : undefined
    await syncNow(db, tenantId)
    wake()
    return { ok: true }
  })
}

function suspension(app: FastifyInstance, { db, access, wake }: ApiParts, suspended: boolean): void {
  app.post(`/commands/${suspended ? 'suspend' : 'activate'}`, async (request) => {
    const { tenant_id, batch_code } = checked(batch, given(request))
    const tenantId = await access.tenant(request, tenant_id)
    const state = await setSuspended(db, tenantId, batch_code ?? ALL_BATCHES, suspended)
    if (state === undefined) throw new Refusal(404, `tenant ${JSON.stringify(tenantId)} not found`)
    if (!suspended) wake()
    const { suspendedBatches, pendingMessages } = state
    return {
      ok: true,
      tenant_id: tenantId,
      batch_code,
      suspended_batches: suspendedBatches,
      pending_messages: pendingMessages,
    }
  })
}

function deletion(app: FastifyInstance, { db, access, config }: ApiParts): void {
  app.post('/commands/delete-messages', async (request) => {
    const { tenant_id, ids: wanted } = checked(ids, given(request))
    const { removed, notFound, beingSent } = await deleteMessages(
      db,
      await access.tenant(request, tenant_id),
      wanted,
    )
    return { ok: true, removed, not_found: notFound, unauthorized: [], being_sent: beingSent }
  })

  app.post('/commands/cleanup-messages', async (request) => {
    const { tenant_id, older_than_seconds } = checked(cleanup, given(request))
    const tenantId = await access.tenant(request, tenant_id)
    const olderThanMs =
      older_than_seconds === undefined || older_than_seconds === null
        ? config.retentionMs
        : older_than_seconds * 1000
    return { ok: true, removed: await forget(db, olderThanMs, tenantId) }
  })
}

function priorityOf(value: unknown): number | undefined {
  try {
    return readPriority(value)
  } catch (error) {
    if (error instanceof Unacceptable)
      throw new Refusal(422, [{ loc: ['body', 'default_priority'], msg: error.message }])
    throw error
  }
}

const truth = z.stringbool().default(false)
const listing = z.object({
  tenant_id: id.optional(),
  active_only: truth,
  include_history: truth,
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  after: id.optional(),
})

export function readingRoutes(app: FastifyInstance, { db, access, metrics }: ApiParts): void {
  app.get('/health', async () => ({ status: 'ok', ok: true }))

  app.get('/status', async (request) => {
    await access.caller(request)
    await db.rows({ text: 'SELECT 1' })
    return { ok: true, active: true }
  })

  app.get('/metrics', async (_request, reply) => {
    const text = await metrics.text(await queueState(db))
    return reply.type(metrics.contentType).send(text)
  })

  app.get('/messages', async (request) => {
    const { tenant_id, active_only, include_history, limit, after } = checked(listing, request.query, 'query')
    const tenantId = await access.tenant(request, tenant_id)
    const page = await listMessages(db, {
      tenantId,
      activeOnly: active_only,
      includeHistory: include_history,
      limit,
      after,
    })
    return { ok: true, messages: page.messages, next: page.next }
  })
}

const file = z.object({ id: z.string().max(64), filename: z.string().max(1_024) })

/** Attachments that became links: for anyone with the link, which cannot be guessed. */
export function fileRoutes(app: FastifyInstance, { largeFiles }: ApiParts): void {
  app.get('/files/:id/:filename', async (request, reply) => {
    const { id, filename } = checked(file, request.params, 'path')
    const found = await largeFiles?.find(id)
    if (found === undefined) throw new Refusal(404, 'there is no such file, or it has expired')
    return reply
      .type(found.contentType ?? 'application/octet-stream')
      .header('content-length', found.bytes)
      .header('content-disposition', `attachment; filename*=UTF-8''${encodeURIComponent(filename)}`)
      .header('x-content-type-options', 'nosniff')
      .header('content-security-policy', "default-src 'none'; sandbox")
      .header('cache-control', 'private')
      .send(found.content)
  })
}
