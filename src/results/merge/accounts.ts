import { mergeSparse, type SparseHistogram, summarise } from '../../engine/histogram.ts'
import type { AccountResult, BounceRow, DeliveryResult, LedgerResult, Result } from '../../engine/result.ts'

const MAX_IDS = 20

/** The accounts of loads that were all verified behind their servers, as one; undefined when some were not. */
export function mergeAccounts(ledgers: readonly Pick<LedgerResult, 'account'>[]): AccountResult | undefined {
  const accounts = ledgers.flatMap(({ account }) => account ?? [])
  const [first] = accounts
  if (first === undefined || accounts.length < ledgers.length) return undefined
  const sum = (of: (account: AccountResult) => number) =>
    accounts.reduce((total, account) => total + of(account), 0)
  const limits = accounts.flatMap(({ cannot_verify: why }) => why ?? [])
  const damage = accounts.flatMap(({ first_damage: text }) => text ?? [])
  return {
    store: [...new Set(accounts.map(({ store }) => store))].join(', '),
    expected: sum(({ expected }) => expected),
    arrived: sum(({ arrived }) => arrived),
    bounced: sum(({ bounced }) => bounced),
    misrouted: sum(({ misrouted }) => misrouted),
    reencoded: sum(({ reencoded }) => reencoded),
    unjudged: sum(({ unjudged }) => unjudged),
    in_transit: sum(({ in_transit: inTransit }) => inTransit),
    not_verifiable: sum(({ not_verifiable: not }) => not),
    ...(limits[0] === undefined ? {} : { cannot_verify: limits[0] }),
    waited_seconds: Math.max(...accounts.map(({ waited_seconds: waited }) => waited)),
    bounces: mergeBounces(accounts.flatMap(({ bounces }) => bounces)),
    misrouted_ids: accounts.flatMap(({ misrouted_ids: ids }) => ids).slice(0, MAX_IDS),
    bounced_ids: accounts.flatMap(({ bounced_ids: ids }) => ids).slice(0, MAX_IDS),
    ...(damage[0] === undefined ? {} : { first_damage: damage[0] }),
  }
}

function mergeBounces(rows: readonly BounceRow[]): BounceRow[] {
  const kinds = new Map<string, BounceRow>()
  for (const row of rows) {
    const key = `${row.status} ${row.text}`
    const known = kinds.get(key)
    kinds.set(key, known === undefined ? row : { ...known, count: known.count + row.count })
  }
  return [...kinds.values()].toSorted((a, b) => b.count - a.count)
}

type Delivered = Pick<Result, 'delivery' | 'histograms'>

/** End-to-end times of loads that all have them; without a timeline, which each of them has. */
export function mergeDeliveries(results: readonly Delivered[]): {
  readonly delivery?: DeliveryResult
  readonly endToEnd?: SparseHistogram
} {
  const deliveries = results.flatMap(({ delivery }) => delivery ?? [])
  const histograms = results.flatMap(({ histograms }) => histograms.end_to_end ?? [])
  if (deliveries.length < results.length || histograms.length < results.length || results.length === 0)
    return {}
  const endToEnd = histograms.reduce(mergeSparse)
  const sum = (of: (delivery: DeliveryResult) => number) =>
    deliveries.reduce((total, delivery) => total + of(delivery), 0)
  const delivery: DeliveryResult = {
    time_resolution_ms: Math.max(...deliveries.map(({ time_resolution_ms: ms }) => ms)),
    end_to_end_ms: summarise(endToEnd),
    per_server: [],
    drain_seconds: Math.max(...deliveries.map(({ drain_seconds: seconds }) => seconds)),
    delivered_per_second: sum(({ delivered_per_second: rate }) => rate),
    most_in_between: sum(({ most_in_between: most }) => most),
    timeline: [],
  }
  return { delivery, endToEnd }
}
