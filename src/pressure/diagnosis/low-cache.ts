import { type Patient, type Rule, shown } from './rule.ts'

const LEAST_FETCHES = 20
const LOW_HIT_RATE = 0.2
const LOW_SPARED = 0.8

const percent = (share: number) => `${shown(share * 100)} %`

/** Few attachments come from the cache: because few come again, or because the cache does not keep them. */
export const lowCache: Rule = (run) => {
  const { cache_hit_rate: hitRate, delivery_cache_hit_rate: spared, attachments_served: served } = run.metrics
  if (served < LEAST_FETCHES) return undefined
  const isLow = hitRate !== null && hitRate < LOW_HIT_RATE
  const isLeaky = spared !== null && spared < LOW_SPARED
  if (!isLow && !isLeaky) return undefined
  const figures = [
    hitRate === null ? 'the proxy counts no lookups' : `${percent(hitRate)} of the proxy's lookups were hits`,
    `${percent(repeatedShare(run))} of the attachments repeated an earlier one`,
    spared === null ? undefined : `${percent(spared)} of the fetches that could be spared were spared`,
    `${shown(served)} fetches`,
  ]
  const common = {
    rule: 'low-cache-hit-rate',
    severity: 'warning',
    symptom: 'Low cache hit rate',
    evidence: figures.filter((text) => text !== undefined).join(', '),
  } as const
  if (!isLeaky)
    return {
      ...common,
      cause: 'Not enough repeated attachments',
      action: 'Increase ATTACHMENT_CACHE_HIT_RATE',
    }
  return {
    ...common,
    cause: 'The cache is off or too small: what comes again is fetched again',
    action:
      'Set GMP_CACHE_DISK_DIR (genro-mail-proxy has no cache without it), or raise GMP_CACHE_DISK_MAX_MB and the TTLs',
  }
}

/** Weighted by how much each tenant generated. */
function repeatedShare({ tenants }: Patient): number {
  const known = tenants.filter((row) => row.generation_cache_hit_rate !== null)
  const messages = known.reduce((sum, row) => sum + row.messages_generated, 0)
  if (messages === 0) return 0
  return (
    known.reduce((sum, row) => sum + (row.generation_cache_hit_rate ?? 0) * row.messages_generated, 0) /
    messages
  )
}
