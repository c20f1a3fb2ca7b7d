import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { Account } from '../store/accounts.ts'
import type { ApiParts } from './access.ts'
import { accountOf, checked, id, newAccount, refusePrivate } from './bodies.ts'
import { Refusal } from './refusal.ts'

const ofTenant = z.object({ tenant_id: id.optional() })

export function accountRoutes(app: FastifyInstance, { accounts, access, config }: ApiParts): void {
  app.post('/account', async (request) => {
    const fenced = (await access.caller(request)).kind === 'tenant'
    const given = checked(newAccount, request.body)
    const tenantId = await access.tenant(request, given.tenant_id)
    if (fenced && !config.httpUrlPrivate) refusePrivate(given.host, 'host')
    if (!(await accounts.save(accountOf(given, tenantId, fenced))))
      throw new Refusal(404, `tenant ${JSON.stringify(tenantId)} not found`)
    return { ok: true }
  })

  app.get('/accounts', async (request) => {
    const tenantId = await access.tenant(request, checked(ofTenant, request.query, 'query').tenant_id)
    return { ok: true, accounts: (await accounts.list(tenantId)).map(shownAccount) }
  })

  app.delete('/account/:id', async (request) => {
    const tenantId = await access.tenant(request, checked(ofTenant, request.query, 'query').tenant_id)
    const { id: accountId } = checked(z.object({ id }), request.params, 'path')
    if (!(await accounts.remove(tenantId, accountId)))
      throw new Refusal(404, `account ${JSON.stringify(accountId)} not found`)
    return { ok: true }
  })
}

/** Without the password. */
function shownAccount({
  tenantId,
  id: accountId,
  server,
  batchSize,
  limits,
  limitBehavior,
}: Account): object {
  return {
    id: accountId,
    tenant_id: tenantId,
    host: server.host,
    port: server.port,
    user: server.user ?? undefined,
    use_tls: server.tls !== 'none',
    tls: server.tls,
    batch_size: batchSize ?? undefined,
    limit_per_minute: limits.perMinute ?? undefined,
    limit_per_hour: limits.perHour ?? undefined,
    limit_per_day: limits.perDay ?? undefined,
    limit_behavior: limitBehavior,
  }
}
