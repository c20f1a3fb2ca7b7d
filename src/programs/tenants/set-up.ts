import { setTimeout as delay } from 'node:timers/promises'
import { request } from 'undici'
import { errorText, MailstormError } from '../../error.ts'
import { foreignText } from '../../text/foreign-text.ts'
import { tokenMaskFor } from '../../text/secret-mask.ts'
import type { Dialect } from './options.ts'
import type { Tenant } from './tenant.ts'

export interface SetUp {
  readonly proxyUrl: string
  /** The admin token; undefined for a proxy without one. */
  readonly token?: string | undefined
  /** Field names of an account. Ours accepts both dialects; genro-mail-proxy only its own. */
  readonly dialect: Dialect
  /** Where the accounts send to. */
  readonly smtp: SmtpAccount
  readonly tenants: readonly TenantSetUp[]
  /** How long to wait for the proxy to be healthy. */
  readonly waitMs?: number
}

export interface SmtpAccount {
  readonly host: string
  readonly port: number
  readonly user?: string
  readonly password?: string
}

export interface TenantSetUp {
  /** The tenant, or the facts of one in another process. */
  readonly tenant: Pick<Tenant, 'facts' | 'auth'> & Partial<Pick<Tenant, 'prepare'>>
  /** URL at which the proxy calls it. */
  readonly baseUrl: string
  /** More fields of the account, such as `{ limit_per_minute: 60, limit_behavior: 'defer' }`. */
  readonly account?: Readonly<Record<string, unknown>>
  /** Further complete accounts, in the dialect's field names. */
  readonly otherAccounts?: readonly Readonly<Record<string, unknown>>[]
}

export interface TenantKey {
  readonly tenantId: string
  /** Only when the proxy did not know the tenant before. */
  readonly apiKey: string | undefined
}

const WAIT_MS = 30_000
const LOOK_EVERY_MS = 100
const CALL_MS = 10_000

/** Registers the tenants with the proxy, each with its accounts; those that it knows are written over. */
export async function setUpTenants(setUp: SetUp): Promise<TenantKey[]> {
  await healthy(setUp)
  for (const { tenant } of setUp.tenants) await tenant.prepare?.()
  const keys: TenantKey[] = []
  for (const tenant of setUp.tenants) {
    const { otherAccounts = [] } = tenant
    // The proxy calls no tenant that is not active. Messages of one that it calls before all accounts are saved would
    // name an account that does not exist yet, or that still leads to the server of an earlier run.
    const uncalled = { ...tenantBody(tenant), active: false }
    const { api_key: apiKey } = await post(setUp, '/tenant', uncalled)
    for (const account of [accountBody(tenant, setUp), ...otherAccounts])
      await post(setUp, '/account', account)
    await post(setUp, '/tenant', tenantBody(tenant))
    keys.push({
      tenantId: tenant.tenant.facts.tenantId,
      apiKey: typeof apiKey === 'string' ? apiKey : undefined,
    })
  }
  return keys
}

function tenantBody({ tenant, baseUrl }: TenantSetUp): object {
  const { tenantId, profile } = tenant.facts
  return {
    id: tenantId,
    name: `Simulated tenant, profile ${profile}`,
    active: true,
    client_base_url: baseUrl,
    client_sync_path: '/sync',
    client_attachment_path: '/attachments',
    ...(tenant.auth.method === 'none' ? {} : { client_auth: tenant.auth }),
  }
}

function accountBody({ tenant, account }: TenantSetUp, { smtp, dialect }: SetUp): object {
  const { tenantId, accountId } = tenant.facts
  const { host, port, user, password } = smtp
  const fields =
    dialect === 'genro'
      ? { host, port, user, password, use_tls: false }
      : {
          smtp_host: host,
          smtp_port: port,
          smtp_user: user,
          smtp_password: password,
          sender_email: `noreply@${tenantId.toLowerCase()}.example.com`,
          use_tls: false,
          use_ssl: false,
        }
  return { id: accountId, tenant_id: tenantId, ...fields, ...account }
}

/** Asks the proxy's health route, which needs no token. */
async function healthy({ proxyUrl, waitMs = WAIT_MS }: SetUp): Promise<void> {
  const untilMs = performance.now() + waitMs
  for (;;) {
    const why = await unhealthy(proxyUrl)
    if (why === undefined) return
    if (performance.now() > untilMs)
      throw new MailstormError(
        'PROXY_NOT_HEALTHY',
        `Failed to set up tenants: the proxy at ${proxyUrl} was not healthy within ${waitMs} ms (${why}).`,
        'Is it a mail proxy, does it run, and can it reach its database? Try: curl <url>/health',
      )
    await delay(LOOK_EVERY_MS)
  }
}

async function unhealthy(proxyUrl: string): Promise<string | undefined> {
  try {
    const { statusCode, body } = await request(`${proxyUrl}/health`, { signal: AbortSignal.timeout(CALL_MS) })
    await body.dump()
    return statusCode === 200 ? undefined : `HTTP ${statusCode}`
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return code ?? message
  }
}

async function post(
  { proxyUrl, token }: SetUp,
  path: string,
  body: object,
): Promise<Record<string, unknown>> {
  const failed = `Failed to set up tenants: POST ${proxyUrl}${path}`
  const said = (text: string) => foreignText(tokenMaskFor(token)(text))
  const answer = await request(`${proxyUrl}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token === undefined ? {} : { 'x-api-token': token }) },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(CALL_MS),
  }).catch((error) => {
    throw new MailstormError('PROXY_API', `${failed} was not answered: ${errorText(error)}`)
  })
  const { statusCode } = answer
  const text = await answer.body.text()
  if (statusCode !== 200)
    throw new MailstormError(
      'PROXY_REFUSED',
      `${failed} was answered with HTTP ${statusCode}: ${said(text)}`,
      hintFor(statusCode),
    )
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    throw new MailstormError(
      'PROXY_API',
      `${failed} was answered with HTTP 200, but not in JSON: ${said(text)}`,
    )
  }
}

function hintFor(statusCode: number): string {
  return statusCode === 401 || statusCode === 403
    ? "The admin's token is needed: that of the proxy's GMP_API_TOKEN."
    : 'Is the dialect right? genro-mail-proxy takes "genro" only.'
}
