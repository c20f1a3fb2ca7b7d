import { embeddedMailhog, type MailhogOptions, type RunningMailhog } from '../../containers/mailhog.ts'
import { IDENTITY_HEADER } from '../../src/programs/proxy/dispatch/compose.ts'
import type { ProxyOptions } from '../../src/programs/proxy/options.ts'
import { createProxy, type RunningProxy } from '../../src/programs/proxy/proxy.ts'
import { ApiClient } from './api-client.ts'
import { TenantServer } from './tenant-server.ts'

export const ADMIN_TOKEN = 'pressure-test-token'

/** The parts of one test; they end with it, the last begun first. */
export class Rig implements AsyncDisposable {
  readonly databaseUrl: string
  readonly #parts = new AsyncDisposableStack()

  constructor(databaseUrl: string) {
    this.databaseUrl = databaseUrl
  }

  async proxy(options: Partial<ProxyOptions> = {}): Promise<RunningProxy & { readonly api: ApiClient }> {
    const proxy = this.#parts.use(
      await createProxy({
        databaseUrl: this.databaseUrl,
        apiToken: ADMIN_TOKEN,
        port: 0,
        logLevel: 'silent',
        stopTimeoutMs: 2_000,
        ...options,
      }).start(),
    )
    return { ...proxy, api: new ApiClient(proxy.url, ADMIN_TOKEN) }
  }

  async sink(options: MailhogOptions = {}): Promise<RunningMailhog> {
    return this.#parts.use(await embeddedMailhog({ digestHeaders: [IDENTITY_HEADER], ...options }).start())
  }

  async tenant(): Promise<TenantServer> {
    return this.#parts.use(await TenantServer.start())
  }

  use<T extends Disposable | AsyncDisposable>(part: T): T {
    return this.#parts.use(part)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.disposeAsync()
  }
}

export interface SetUp {
  readonly tenantId?: string
  /** The tenant's own server; without one it is never called. */
  readonly tenantUrl?: string
  readonly smtpPort: number
  readonly account?: object
  readonly tenant?: object
}

/** A tenant with an account `smtp`; gives the tenant's key. */
export async function setUp(api: ApiClient, options: SetUp): Promise<string> {
  const { tenantId = 't', tenantUrl, smtpPort, account, tenant } = options
  const paths = { client_sync_path: '/sync', client_attachment_path: '/attachments' }
  const created = await api.post('/tenant', {
    id: tenantId,
    name: tenantId,
    client_base_url: tenantUrl,
    ...paths,
    ...tenant,
  })
  const given = {
    id: 'smtp',
    tenant_id: tenantId,
    host: '127.0.0.1',
    port: smtpPort,
    use_tls: false,
    ...account,
  }
  const added = await api.post('/account', given)
  if (added.status !== 200) throw new Error(JSON.stringify(added.body))
  return String(created.body.api_key)
}

export function messages(count: number, change: object = {}, tenantId = 't'): object[] {
  return Array.from({ length: count }, (_, n) => ({
    id: `${tenantId}-${String(n).padStart(6, '0')}`,
    tenant_id: tenantId,
    account_id: 'smtp',
    from: `noreply@${tenantId}.test`,
    to: `user-${n}@example.com`,
    subject: `Message ${n}`,
    body: `This is message ${n}.`,
    ...change,
  }))
}

/** In calls of 1,000. */
export async function enqueue(api: ApiClient, all: readonly object[]): Promise<void> {
  for (let at = 0; at < all.length; at += 1_000) {
    const { body } = await api.post('/commands/add-messages', { messages: all.slice(at, at + 1_000) })
    const expected = Math.min(1_000, all.length - at)
    if (body.queued !== expected)
      throw new Error(`queued ${body.queued} of ${expected}: ${JSON.stringify(body).slice(0, 500)}`)
  }
}

/** How often each id was delivered. */
export async function deliveries(sink: RunningMailhog): Promise<Map<string, number>> {
  const lines = (await (await fetch(`${sink.apiUrl}/sink/digests`)).text())
    .split('\n')
    .filter((line) => line !== '')
  const counts = new Map<string, number>()
  for (const line of lines) {
    const id = (JSON.parse(line) as { headers: Record<string, string> }).headers[IDENTITY_HEADER] ?? '?'
    counts.set(id, (counts.get(id) ?? 0) + 1)
  }
  return counts
}
