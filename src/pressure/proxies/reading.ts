import type { ProxyFacts } from '../result.ts'

/** Counters per account, as genro-mail-proxy names them; ours uses the same names. */
export const COUNTERS = {
  sent: 'gmp_sent_total',
  errors: 'gmp_errors_total',
  deferred: 'gmp_deferred_total',
  rate_limited: 'gmp_rate_limited_total',
} as const
type CounterName = keyof typeof COUNTERS

interface AccountCounters extends Readonly<Record<CounterName, number>> {
  readonly tenantId: string
  readonly accountId: string
}

/** What a proxy reports at one moment. */
export interface ProxyReading {
  readonly implementation: ProxyFacts['implementation']
  /** Null when it does not report that. */
  readonly pending: number | null
  readonly accounts: readonly AccountCounters[]
  /** Lookups in its attachment cache; null when it does not count them. */
  readonly cache: { readonly hits: number; readonly lookups: number } | null
}

const PENDING = 'gmp_pending_messages'
/** Only ours has it. */
const OURS = 'gmp_queue_age_seconds'
const CACHE = 'gmp_attachment_cache_total'

/** Parses `/metrics` of our proxy or of genro-mail-proxy. */
export function readingOf(text: string): ProxyReading {
  const samples = parsePrometheus(text)
  const names = new Set(samples.map(({ name }) => name))
  return {
    implementation: names.has(OURS) ? 'mailstorm' : names.has(PENDING) ? 'genro-mail-proxy' : 'unknown',
    pending: samples.find(({ name }) => name === PENDING)?.value ?? null,
    accounts: accountsOf(samples),
    cache: names.has(CACHE) || names.has(OURS) ? cacheOf(samples) : null,
  }
}

function accountsOf(samples: readonly MetricSample[]): AccountCounters[] {
  const accounts = new Map<string, AccountCounters>()
  for (const [counter, metric] of Object.entries(COUNTERS)) {
    for (const { name, labels, value } of samples) {
      if (name !== metric) continue
      const { tenant_id: tenantId = '', account_id: accountId = '' } = labels
      const key = keyOf({ tenantId, accountId })
      const none = { tenantId, accountId, sent: 0, errors: 0, deferred: 0, rate_limited: 0 }
      accounts.set(key, { ...(accounts.get(key) ?? none), [counter]: value })
    }
  }
  return [...accounts.values()]
}

export function keyOf({ tenantId, accountId }: Pick<AccountCounters, 'tenantId' | 'accountId'>): string {
  return JSON.stringify([tenantId, accountId])
}

function cacheOf(samples: readonly MetricSample[]): { hits: number; lookups: number } {
  const results = samples.filter(({ name }) => name === CACHE)
  const sum = (of: readonly MetricSample[]) => of.reduce((total, { value }) => total + value, 0)
  return { hits: sum(results.filter(({ labels }) => labels.result !== 'miss')), lookups: sum(results) }
}

/** One line of a Prometheus exposition (text format 0.0.4). */
interface MetricSample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?[ \t]+(\S+)(?:[ \t]+-?\d+)?[ \t]*$/
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g
const VALUES: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  '+Inf': Number.POSITIVE_INFINITY,
  '-Inf': Number.NEGATIVE_INFINITY,
}

/** Skips comments and lines that are not samples. */
export function parsePrometheus(text: string): MetricSample[] {
  return text.split('\n').flatMap((line) => {
    const [, name, labels = '', value = ''] = SAMPLE.exec(line) ?? []
    if (name === undefined) return []
    return [{ name, labels: labelsOf(labels), value: VALUES[value] ?? Number(value) }]
  })
}

function labelsOf(text: string): Record<string, string> {
  const labels: Record<string, string> = {}
  for (const [, name = '', value = ''] of text.matchAll(LABEL))
    labels[name] = value.replace(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped))
  return labels
}

/** Counts of all proxies of a run together since it began. */
export interface ProxyTotals {
  /** The queue that they share; null when none of them reported it. */
  readonly pending: number | null
  readonly accounts: readonly AccountCounters[]
  readonly cache: { readonly hits: number; readonly lookups: number } | null
}

const NAMES: readonly CounterName[] = ['sent', 'errors', 'deferred', 'rate_limited']

/**
 * Adds up the readings of several proxies. A counter that fell was reset by a restart, and its value has
 * accumulated since then.
 */
export class ProxyCounters {
  readonly #before = new Map<string, ProxyReading>()
  readonly #accounts = new Map<string, AccountCounters>()
  readonly #cache = { hits: 0, lookups: 0 }
  #hasCache = false
  #pending: number | null = null

  /** `known`: what a proxy had counted before the run; without it everything it shows belongs to the run. */
  begin(proxy: string, known: ProxyReading): void {
    this.#before.set(proxy, known)
  }

  /** Readings of one moment; proxies that could not be read are missing. */
  add(readings: ReadonlyMap<string, ProxyReading>): ProxyTotals {
    for (const [proxy, reading] of readings) {
      const before = this.#before.get(proxy)
      for (const account of reading.accounts) this.#addAccount(account, before)
      if (reading.cache !== null) {
        this.#hasCache = true
        this.#cache.hits += increase(before?.cache?.hits, reading.cache.hits)
        this.#cache.lookups += increase(before?.cache?.lookups, reading.cache.lookups)
      }
      this.#before.set(proxy, reading)
    }
    const pending = [...readings.values()].flatMap((reading) => reading.pending ?? [])
    // All report the same queue, some a moment late.
    this.#pending = pending.length === 0 ? null : Math.max(...pending)
    return this.totals()
  }

  totals(): ProxyTotals {
    return {
      pending: this.#pending,
      accounts: [...this.#accounts.values()],
      cache: this.#hasCache ? { ...this.#cache } : null,
    }
  }

  #addAccount(account: AccountCounters, before: ProxyReading | undefined): void {
    const key = keyOf(account)
    const known = before?.accounts.find((one) => keyOf(one) === key)
    const sum = {
      ...(this.#accounts.get(key) ?? { ...account, sent: 0, errors: 0, deferred: 0, rate_limited: 0 }),
    }
    for (const name of NAMES) sum[name] += increase(known?.[name], account[name])
    this.#accounts.set(key, sum)
  }
}

function increase(before = 0, now: number): number {
  return now >= before ? now - before : now
}
