import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { listMessages, queueState } from '../store/listing.ts'
import type { ApiParts } from './access.ts'
import { checked, id } from './bodies.ts'

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
