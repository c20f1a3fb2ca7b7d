import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { Account } from '../store/accounts.ts'
import type { Tenant } from '../store/tenants.ts'
import type { ApiParts } from './access.ts'
import {
  accountOf,
  checked,
  id,
  newAccount,
  newTenant,
  refusePrivate,
  refuseUnstored,
  settingsOf,
  tenantChange,
} from './bodies.ts'
import { Refusal } from './server.ts'

const tenantPath = z.object({ id })
const truth = z.stringbool().default(false)
const notFound = (tenantId: string) => new Refusal(404, `tenant ${JSON.stringify(tenantId)} not found`)

export function tenantRoutes(app: FastifyInstance, parts: ApiParts): void {
  allTenants(app, parts)
  oneTenant(app, parts)
  keys(app, parts)
}

function allTenants(app: FastifyInstance, { tenants, access, config }: ApiParts): void {
  app.post('/tenant', async (request) => {
    await access.admin(request)
    const { id: tenantId, ...given } = checked(newTenant, request.body)
    refuseUnstored(given, config)
    const apiKey = await tenants.save(tenantId, settingsOf(given, false))
    return { ok: true, ...(apiKey === undefined ? {} : { api_key: apiKey }) }
  })

  app.get('/tenants', async (request) => {
    await access.admin(request)
    const { active_only } = checked(z.object({ active_only: truth }), request.query, 'query')
    return { ok: true, tenants: (await tenants.list(active_only)).map(shownTenant) }
  })

  app.get('/tenants/sync-status', async (request) => {
    await access.admin(request)
    const states = (await tenants.syncStates()).map((state) => ({
      id: state.id,
      name: state.name ?? undefined,
      active: state.active,
      client_base_url: state.baseUrl ?? undefined,
      last_sync_ts: state.lastSyncTs ?? undefined,
      next_sync_due: Math.max(state.nextSyncTs, 0),
      in_dnd: state.inDnd,
      failures: state.failures,
    }))
    return { ok: true, tenants: states, sync_interval_seconds: config.syncIntervalMs / 1000 }
  })
}

function oneTenant(app: FastifyInstance, { tenants, access, config }: ApiParts): void {
  app.get('/tenant/:id', async (request) => {
    const tenantId = await access.tenant(request, checked(tenantPath, request.params, 'path').id)
    const tenant = await tenants.get(tenantId)
    if (tenant === undefined) throw notFound(tenantId)
    return shownTenant(tenant)
  })

  app.put('/tenant/:id', async (request) => {
    const tenantId = await access.tenant(request, checked(tenantPath, request.params, 'path').id)
    const change = checked(tenantChange, request.body)
    refuseUnstored(change, config)
    const fenced = (await access.caller(request)).kind === 'tenant'
    if (fenced && !config.httpUrlPrivate)
      refusePrivate(URL.parse(change.client_base_url ?? '')?.hostname, 'client_base_url')
    if (!(await tenants.change(tenantId, (now) => settingsOf(change, fenced, now)))) throw notFound(tenantId)
    return { ok: true }
  })

  app.delete('/tenant/:id', async (request) => {
    await access.admin(request)
    const { id: tenantId } = checked(tenantPath, request.params, 'path')
    if (!(await tenants.remove(tenantId))) throw notFound(tenantId)
    return { ok: true }
  })
}

function keys(app: FastifyInstance, { tenants, access }: ApiParts): void {
  app.post('/tenant/:id/api-key', async (request) => {
    await access.admin(request)
    const { id: tenantId } = checked(tenantPath, request.params, 'path')
    const apiKey = await tenants.renewKey(tenantId)
    if (apiKey === undefined) throw notFound(tenantId)
    return { ok: true, api_key: apiKey }
  })

  app.delete('/tenant/:id/api-key', async (request) => {
    await access.admin(request)
    const { id: tenantId } = checked(tenantPath, request.params, 'path')
    if (!(await tenants.dropKey(tenantId))) throw notFound(tenantId)
    return { ok: true }
  })
}

/** Without secrets. */
function shownTenant(tenant: Tenant): object {
  const { id: tenantId, name, active, client, suspendedBatches, rateLimits, largeFiles } = tenant
  const auth = client.auth === null ? undefined : { method: client.auth.method, user: client.auth.user }
  return {
    id: tenantId,
    name: name ?? undefined,
    active,
    client_base_url: client.baseUrl ?? undefined,
    client_sync_path: client.syncPath ?? undefined,
    client_attachment_path: client.attachmentPath ?? undefined,
    client_auth: auth,
    suspended_batches: suspendedBatches,
    rate_limits: { hourly: rateLimits.perHour ?? 0, daily: rateLimits.perDay ?? 0 },
    large_file_config:
      largeFiles === null
        ? undefined
        : {
            enabled: true,
            max_size_mb: largeFiles.maxBytes / 1024 ** 2,
            action: largeFiles.action,
            public_base_url: largeFiles.publicBaseUrl ?? undefined,
            file_ttl_days: largeFiles.ttlDays,
          },
  }
}

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
