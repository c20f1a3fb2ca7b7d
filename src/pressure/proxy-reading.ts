import { type MetricSample, parsePrometheus } from './prometheus.ts'
import type { ProxyFacts } from './result.ts'

/** Counters of one account, as the real proxy has them; ours has the same names. */
export const COUNTERS = {
  sent: 'gmp_sent_total',
  errors: 'gmp_errors_total',
  deferred: 'gmp_deferred_total',
  rate_limited: 'gmp_rate_limited_total',
} as const
export type CounterName = keyof typeof COUNTERS

export interface AccountCounters extends Readonly<Record<CounterName, number>> {
  readonly tenantId: string
  readonly accountId: string
}

/** What a proxy says of itself at one moment. */
export interface ProxyReading {
  readonly implementation: ProxyFacts['implementation']
  /** Null when it does not tell. */
  readonly pending: number | null
  readonly accounts: readonly AccountCounters[]
  /** Lookups in its cache of attachments; null when it does not count them. */
  readonly cache: { readonly hits: number; readonly lookups: number } | null
}

const PENDING = 'gmp_pending_messages'
/** Ours alone has it. */
const OURS = 'gmp_queue_age_seconds'
const CACHE = 'gmp_attachment_cache_total'

/** Reads `/metrics`, of our proxy or of genro-mail-proxy. */
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
