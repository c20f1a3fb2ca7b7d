import { createHash, timingSafeEqual } from 'node:crypto'
import type { TenantAuth } from './options.ts'
import type { Tenant } from './tenant.ts'

/** A request to a tenant, over any transport. */
export interface TenantRequest {
  readonly method: string
  /** Without query. */
  readonly path: string
  readonly authorization: string | null
  text(): Promise<string>
}

/** The transport must report, once, whether the whole response was read. */
export interface TenantResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly blocks: Iterator<Uint8Array> | AsyncIterator<Uint8Array>
  settle(taken: boolean): void
}

type Route = (tenant: Tenant, request: TenantRequest) => TenantResponse | Promise<TenantResponse>

/** The first two are for the proxy, the others for people. */
const ROUTES: Readonly<
  Record<string, { readonly method: 'GET' | 'POST'; readonly run: Route; readonly guarded?: true }>
> = {
  '/sync': { method: 'POST', run: sync, guarded: true },
  '/attachments': { method: 'POST', run: attachment, guarded: true },
  '/stats': { method: 'GET', run: (tenant) => json(200, tenant.stats()) },
  '/cache-info': { method: 'GET', run: (tenant) => json(200, tenant.cacheInfo()) },
  '/health': { method: 'GET', run: health },
  '/reset-stats': { method: 'POST', run: reset },
}

/** Answers a request to a tenant; both transports only call this. */
export async function answer(tenant: Tenant, request: TenantRequest): Promise<TenantResponse> {
  const route = ROUTES[request.path]
  if (route === undefined)
    return failure(tenant, 404, `there is no ${request.path}; there are ${Object.keys(ROUTES).join(', ')}`)
  if (route.method !== request.method) return failure(tenant, 405, `${request.path} takes ${route.method}`)
  if (route.guarded === true && !mayEnter(tenant.auth, request.authorization))
    return failure(tenant, 401, `this tenant asks for ${tenant.auth.method} credentials`)
  return route.run(tenant, request)
}

async function sync(tenant: Tenant, request: TenantRequest): Promise<TenantResponse> {
  const given = parsed(await request.text())
  if (given === undefined) return failure(tenant, 400, 'the body is not a JSON object')
  const { status, contentType, body, settle } = await tenant.sync(given)
  return whole({ status, contentType, body, settle })
}

async function attachment(tenant: Tenant, request: TenantRequest): Promise<TenantResponse> {
  const path = parsed(await request.text())?.storage_path
  if (typeof path !== 'string') return failure(tenant, 400, 'the body has no storage_path')
  const found = await tenant.attachment(path)
  if (found.status !== 200) return json(found.status, { ok: false, error: found.why })
  const headers = {
    'content-type': 'application/octet-stream',
    'content-length': String(found.sizeBytes),
    'x-content-md5': found.md5,
  }
  return { status: 200, headers, blocks: found.bytes(), settle() {} }
}

function health({ facts: { clientId, tenantId } }: Tenant): TenantResponse {
  return json(200, { ok: true, client_id: clientId, tenant_id: tenantId })
}

function reset(tenant: Tenant): TenantResponse {
  tenant.resetStats()
  return json(200, { ok: true, message: 'the counters were reset; messages handed over are still known' })
}

function failure(tenant: Tenant, status: number, error: string): TenantResponse {
  tenant.noteError()
  return json(status, { ok: false, error })
}

function json(status: number, body: object): TenantResponse {
  return whole({ status, contentType: 'application/json', body: JSON.stringify(body), settle() {} })
}

interface Whole {
  readonly status: number
  readonly contentType: string
  readonly body: string
  settle(taken: boolean): void
}

function whole({ status, contentType, body, settle }: Whole): TenantResponse {
  const bytes = Buffer.from(body)
  const headers = { 'content-type': contentType, 'content-length': String(bytes.length) }
  return { status, headers, blocks: [bytes].values(), settle }
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined
  } catch {
    return undefined
  }
}

function mayEnter(auth: TenantAuth, given: string | null): boolean {
  if (auth.method === 'none') return true
  const wanted =
    auth.method === 'bearer'
      ? `Bearer ${auth.token}`
      : `Basic ${Buffer.from(`${auth.user}:${auth.password}`).toString('base64')}`
  return timingSafeEqual(digest(wanted), digest(given ?? ''))
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
