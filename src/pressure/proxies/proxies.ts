import {
  embeddedProxy,
  type ProxyServiceOptions,
  type RunningProxyService,
} from '../../../containers/proxy.ts'
import type { ServiceEnd } from '../../../containers/service.ts'
import { DisposableParts } from '../../disposable-stack.ts'
import { MailstormError } from '../../error.ts'
import type { ExternalProxies } from '../../options/pressure.ts'
import type { Intercept } from '../../programs/proxy/attachments/reach.ts'
import { proxyConfigFromEnvironment } from '../../programs/proxy/options.ts'
import { start } from '../../programs/proxy/proxy.ts'
import { type Lookup, safeAddressesOf, systemLookup } from '../../smtp/preflight/address.ts'
import type { Proxies, RunEvents } from '../parts.ts'
import type { ProxyFacts } from '../result.ts'
import { ProxyClient } from './client.ts'
import type { ProxyReading } from './reading.ts'

export interface ProxyPlan {
  readonly databaseUrl: string
  readonly instances: number
  readonly settings: Readonly<Record<string, string>>
}

/** The admin token of genro-mail-proxy's pressure test. */
export const TOKEN = 'pressure-test-token'

/** One proxy in this process, whose calls to tenants go through `intercept`. */
export async function inProcessProxy(plan: ProxyPlan, intercept: Intercept): Promise<Proxies> {
  const own = { GMP_DB_PATH: plan.databaseUrl, GMP_API_TOKEN: TOKEN, GMP_PORT: '0', GMP_LOG_LEVEL: 'error' }
  const proxy = await start(proxyConfigFromEnvironment({ ...own, ...plan.settings }), { intercept })
  return {
    ...common(plan, [proxy.url]),
    facts: factsOf(plan, 'in-process', [proxy.url]),
    sampled: [],
    watched: [],
    logged: [],
    tenantsBy: 'fakes',
    [Symbol.asyncDispose]: () => proxy.stop(),
  }
}

type Boot = (options: ProxyServiceOptions) => Promise<RunningProxyService>

/** Several proxy processes on one database. One that dies is restarted, as an orchestrator would. */
export async function proxyProcesses(
  plan: ProxyPlan,
  events: RunEvents,
  boot: Boot = (options) => embeddedProxy(options).start(),
): Promise<Proxies> {
  const kept = Array.from(
    { length: plan.instances },
    (_, n) => new KeptProxy(`proxy-${n + 1}`, plan, { events, boot }),
  )
  await using begun = new DisposableParts()
  for (const proxy of kept) begun.use(proxy)
  const urls = await Promise.all(kept.map((proxy) => proxy.start()))
  const parts = begun.move()
  return {
    ...common(plan, urls),
    facts: factsOf(plan, 'processes', urls),
    sampled: kept,
    logged: kept,
    watched: kept.map((proxy) => ({ name: proxy.name, ended: proxy.firstEnd, means: 'noted' }) as const),
    tenantsBy: 'ports',
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}

function common({ instances }: ProxyPlan, urls: readonly string[]) {
  const clients = urls.map((url, n) => new ProxyClient({ name: nameOf(n, instances), url, token: TOKEN }))
  return { clients, dialect: 'classic', token: TOKEN, known: new Map() } as const
}

function nameOf(n: number, instances: number): string {
  return instances === 1 ? 'proxy' : `proxy-${n + 1}`
}

function factsOf(plan: ProxyPlan, runs: 'in-process' | 'processes', urls: readonly string[]) {
  return {
    implementation: 'mailstorm',
    instances: plan.instances,
    urls,
    runs,
    settings: plan.settings,
  } as const
}

/** Survives a few kills; a proxy that keeps dying is left dead. */
const MOST_STARTS = 4

/** A proxy process that is restarted on the same port when it ends by itself. */
class KeptProxy implements AsyncDisposable {
  readonly name: string
  readonly #plan: ProxyPlan
  readonly #events: RunEvents
  readonly #boot: Boot
  readonly #firstEnd = Promise.withResolvers<ServiceEnd | undefined>()
  #running: RunningProxyService | undefined
  #restarting: Promise<void> = Promise.resolve()
  #starts = 0
  #stopped = false

  constructor(name: string, plan: ProxyPlan, { events, boot }: { events: RunEvents; boot: Boot }) {
    this.name = name
    this.#plan = plan
    this.#events = events
    this.#boot = boot
  }

  get firstEnd(): Promise<ServiceEnd | undefined> {
    return this.#firstEnd.promise
  }

  get pid(): number | undefined {
    return this.#running?.pid
  }

  async start(port?: number): Promise<string> {
    const { databaseUrl, settings: environment } = this.#plan
    this.#starts += 1
    const running = await this.#boot({
      name: this.name,
      databaseUrl,
      apiToken: TOKEN,
      environment,
      ...(port === undefined ? {} : { port }),
    })
    this.#running = running
    void running.ended.then((end) => {
      this.#restarting = this.#onEnd(end, running.port)
    })
    return running.url
  }

  async logTail(lines: number): Promise<string[]> {
    return this.#running?.logTail(lines) ?? []
  }

  async usage() {
    return this.#running?.usage()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true
    this.#firstEnd.resolve(undefined)
    // One that is being restarted would outlive the run.
    await this.#restarting
    await this.#running?.stop()
  }

  async #onEnd(end: ServiceEnd | undefined, port: number): Promise<void> {
    if (end === undefined || this.#stopped) return
    this.#firstEnd.resolve(end)
    if (this.#starts >= MOST_STARTS) return this.#events.add(`${this.name} died again and was not restarted`)
    try {
      await this.start(port)
      this.#events.add(`${this.name} was restarted`)
    } catch (error) {
      this.#events.add(`${this.name} could not be restarted: ${(error as Error).message.split('\n')[0]}`)
    }
  }
}

/** Proxies that are already running, and keep running after the run. */
export async function externalProxies(
  { urls, databaseUrl, token, dialect }: ExternalProxies,
  allowPublic: boolean,
  lookup: Lookup = systemLookup,
): Promise<Proxies> {
  await checkAddresses('PROXY_URL', urls, { allowPublic, lookup })
  if (databaseUrl !== undefined)
    await checkAddresses('PROXY_DATABASE_URL', [databaseUrl], { allowPublic, lookup })
  const clients = urls.map(
    (url, n) => new ProxyClient({ name: urls.length === 1 ? 'proxy' : `proxy-${n + 1}`, url, token }),
  )
  const known = new Map<string, ProxyReading>()
  for (const client of clients) known.set(client.name, await readingOf(client))
  const implementation = implementationOf(dialect, [...known.values()])
  return {
    facts: { implementation, instances: urls.length, urls, runs: 'external', settings: {} },
    dialect: implementation === 'mailstorm' ? 'classic' : 'genro',
    clients,
    token,
    known,
    sampled: [],
    watched: [],
    logged: [],
    tenantsBy: 'ports',
    async [Symbol.asyncDispose]() {},
  }
}

/** They are handed a whole run's mail, so the same address check applies as for SMTP servers. */
async function checkAddresses(
  variable: string,
  urls: readonly string[],
  fence: { readonly allowPublic: boolean; readonly lookup: Lookup },
): Promise<void> {
  const hosts = urls.map((url) => new URL(url).hostname.replace(/^\[(.*)\]$/, '$1'))
  for (const host of new Set(hosts)) await safeAddressesOf({ host, ...fence, variable })
}

async function readingOf(client: ProxyClient): Promise<ProxyReading> {
  const reading = await client.reading()
  if (reading !== undefined) return reading
  throw new MailstormError(
    'PROXY_URL',
    `Failed to reach the proxy at ${client.url}: it does not answer ${client.url}/metrics.`,
    'Is it running, and is PROXY_URL the address of its API, such as http://127.0.0.1:8000?',
  )
}

function implementationOf(
  dialect: ExternalProxies['dialect'],
  readings: readonly ProxyReading[],
): ProxyFacts['implementation'] {
  if (dialect === 'genro') return 'genro-mail-proxy'
  if (dialect === 'mailstorm') return 'mailstorm'
  return readings[0]?.implementation ?? 'unknown'
}
