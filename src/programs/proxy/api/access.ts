import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import type { LargeFiles } from '../attachments/large-files.ts'
import type { Log } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import type { ProxyConfig } from '../options.ts'
import type { Accounts } from '../store/accounts.ts'
import type { Database } from '../store/database.ts'
import type { Tenants } from '../store/tenants.ts'
import { Refusal } from './server.ts'

/** Who is calling: the admin, or a tenant, which reaches only what belongs to it. */
export type Caller = { readonly kind: 'admin' } | { readonly kind: 'tenant'; readonly tenantId: string }

const ADMIN: Caller = { kind: 'admin' }

export class Access {
  readonly #apiToken: string | undefined
  readonly #tenants: Tenants

  constructor(apiToken: string | undefined, tenants: Tenants) {
    this.#apiToken = apiToken
    this.#tenants = tenants
  }

  /** Anyone with a valid token; without a configured admin token, also callers without one. */
  async caller(request: FastifyRequest): Promise<Caller> {
    const given = request.headers['x-api-token']
    if (given === undefined && this.#apiToken === undefined) return ADMIN
    if (typeof given !== 'string') throw new Refusal(401, 'X-API-Token is missing')
    if (this.#apiToken !== undefined && equal(given, this.#apiToken)) return ADMIN
    const tenantId = await this.#tenants.ofKey(given)
    if (tenantId === undefined) throw new Refusal(401, 'X-API-Token is not known')
    return { kind: 'tenant', tenantId }
  }

  async admin(request: FastifyRequest): Promise<void> {
    if ((await this.caller(request)).kind !== 'admin') throw new Refusal(403, 'only the admin may do this')
  }

  /** The tenant that a request concerns: the one it names, or the caller. Another tenant's is refused. */
  async tenant(request: FastifyRequest, named: string | undefined): Promise<string> {
    const caller = await this.caller(request)
    const tenantId = named ?? (caller.kind === 'tenant' ? caller.tenantId : undefined)
    if (tenantId === undefined) throw new Refusal(422, [{ loc: ['tenant_id'], msg: 'is missing' }])
    if (caller.kind === 'tenant' && caller.tenantId !== tenantId)
      throw new Refusal(401, 'X-API-Token belongs to another tenant')
    return tenantId
  }
}

const KEY = randomBytes(32)
const digest = (text: string) => createHmac('sha256', KEY).update(text).digest()

/** In constant time, whatever the lengths. */
function equal(a: string, b: string): boolean {
  return timingSafeEqual(digest(a), digest(b))
}

/** What every route may use. */
export interface ApiParts {
  readonly db: Database
  readonly config: ProxyConfig
  readonly log: Log
  readonly metrics: Metrics
  readonly tenants: Tenants
  readonly accounts: Accounts
  readonly access: Access
  readonly largeFiles: LargeFiles | undefined
  /** Call when there is something to send. */
  readonly wake: () => void
}
