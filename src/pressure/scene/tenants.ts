import type { DisposableParts } from '../../disposable-stack.ts'
import { isLoopback, LOOPBACK } from '../../listening.ts'
import type { Options } from '../../options/options.ts'
import type { Intercept } from '../../programs/proxy/attachments/reach.ts'
import { fakeTenants, type TenantHost } from '../../programs/tenants/fake-tenants.ts'
import { TenantServer } from '../../programs/tenants/http-face.ts'
import { setUpTenants } from '../../programs/tenants/set-up.ts'
import { createTenant, type Tenant } from '../../programs/tenants/tenant.ts'
import type { Monitor } from '../monitor.ts'
import type { PressTenant, Proxies, Sinks } from '../parts.ts'
import type { PressureWorkload, TenantPlan } from '../spec.ts'
import type { Address } from './slow-link.ts'

/**
 * The proxy takes its interceptor when it starts, but tenants are created only once it has an address: this one
 * reaches them from then on.
 */
export class LateIntercept {
  #intercept: Intercept | undefined

  readonly intercept: Intercept = (dispatch) => (options, handler) =>
    (this.#intercept ?? passOn)(dispatch)(options, handler)

  set(intercept: Intercept): void {
    this.#intercept = intercept
  }
}

const passOn: Intercept = (dispatch) => dispatch

export interface TenantParts {
  readonly workload: PressureWorkload
  readonly proxies: Proxies
  readonly monitor: Monitor
  readonly options: Options
  readonly runId: string
  readonly sinks: Sinks
}

/** The tenants of a run. The same seed gives the same messages, whatever the run id. */
export function makeTenants(parts: TenantParts): (PressTenant & { readonly plan: TenantPlan })[] {
  const { workload, proxies, monitor, options, runId, sinks } = parts
  const push = workload.intake === 'push' || proxies.dialect === 'genro'
  const { facts, token } = proxies
  const intake = push
    ? { style: 'push' as const, proxyUrls: facts.urls, ...(token === undefined ? {} : { token }) }
    : { style: 'response' as const }
  return workload.tenants.map((plan) => {
    const { options: own, tenantId, accountId, clientId, limitPerMinute } = plan
    const tenant = createTenant({
      ...(sinks.large === undefined
        ? {}
        : { largeAccount: { id: largeAccountId(accountId), fromBytes: sinks.large.fromBytes } }),
      ...own,
      tenantId,
      accountId,
      clientId,
      runId,
      seed: options.seed,
      intake,
      dialect: proxies.dialect,
      observer: monitor.observer,
    })
    return { tenant, plan, limitPerMinute, apiKey: undefined }
  })
}

/** Gives tenants their addresses: intercepted in this process, or real ports. */
export async function hostTenants(
  tenants: readonly Tenant[],
  how: { readonly late: LateIntercept; readonly by: Proxies['tenantsBy']; readonly host: string },
  parts: DisposableParts,
): Promise<TenantHost[]> {
  if (how.by === 'fakes') {
    const hosts = tenants.map((tenant) => ({ tenant, baseUrl: `http://${tenant.facts.tenantId}.test` }))
    how.late.set(fakeTenants(hosts).intercept)
    return hosts
  }
  return Promise.all(
    tenants.map(async (tenant) => {
      const host = isLoopback(how.host) ? LOOPBACK : '0.0.0.0'
      const server = parts.use(await TenantServer.open(tenant, { host }))
      return { tenant, baseUrl: `http://${how.host}:${server.port}` }
    }),
  )
}

/** Registers the tenants with the proxies, and keeps the keys that they issue. */
export async function registerTenants(
  tenants: readonly (PressTenant & { readonly plan: TenantPlan })[],
  hosts: readonly TenantHost[],
  {
    proxies,
    smtp,
    large,
  }: { readonly proxies: Proxies; readonly smtp: Address; readonly large: Sinks['large'] },
): Promise<void> {
  const [proxyUrl = ''] = proxies.facts.urls
  const keys = await setUpTenants({
    proxyUrl,
    token: proxies.token,
    dialect: proxies.dialect,
    smtp,
    tenants: hosts.map((host, index) => {
      const plan = tenants[index]?.plan
      const otherAccounts = plan === undefined || large === undefined ? [] : [largeAccount(plan, large.smtp)]
      return { ...host, account: limitsOf(plan), otherAccounts }
    }),
  })
  for (const tenant of tenants) {
    const { tenantId } = tenant.tenant.facts
    const given = keys.find((key) => key.tenantId === tenantId)?.apiKey
    tenant.apiKey = given ?? (await proxies.clients[0]?.newKey(tenantId))
  }
}

const largeAccountId = (accountId: string) => `${accountId}-large`

/** In genro-mail-proxy's field names, which ours accepts too. */
function largeAccount({ tenantId, accountId }: TenantPlan, { host, port }: Address) {
  return { id: largeAccountId(accountId), tenant_id: tenantId, host, port, use_tls: false }
}

function limitsOf(plan: TenantPlan | undefined): Record<string, unknown> {
  if (plan?.limitPerMinute === undefined) return {}
  return { limit_per_minute: plan.limitPerMinute, limit_behavior: plan.limitBehavior }
}
