import { failureRows, kindsOfRows, mergeFailureKinds } from '../../engine/failure-kinds.ts'
import { mergeSessionCaps } from '../../engine/recording.ts'
import type { FailureRow, ResourceUsage, Result, ServerRow } from '../../engine/result.ts'
import { mergeLatencies } from './latency.ts'
import type { Share } from './share.ts'

/** One row to each server, by its address: generators may have called it differently. */
export function mergeServers(shares: readonly Share[]): ServerRow[] {
  const rows = shares.flatMap(({ result }) => result.per_server)
  const groups = grouped(rows, ({ name, host, port }) => `${name} ${host}:${port}`)
  return groups.map(([first, ...others]) => others.reduce(mergeTwoServers, first))
}

function mergeTwoServers(a: ServerRow, b: ServerRow): ServerRow {
  const peaks = [a.peak_connections, b.peak_connections].filter((peak) => peak !== undefined)
  return {
    ...a,
    accepted: a.accepted + b.accepted,
    deferred: a.deferred + b.deferred,
    rejected: a.rejected + b.rejected,
    failed: a.failed + b.failed,
    bytes: a.bytes + b.bytes,
    response_time_ms: mergeLatencies([a.response_time_ms, b.response_time_ms]),
    ...(b.ended === undefined || a.ended !== undefined ? {} : { ended: b.ended }),
    // The server's own count of all its connections, whoever opened them.
    ...(peaks.length === 0 ? {} : { peak_connections: Math.max(...peaks) }),
  }
}

/** Failures of one kind at one target are one row, with their times on the first generator's axis. */
export function mergeFailureRows(shares: readonly Share[]): FailureRow[] {
  const parts = shares.map(({ result, offsetMs }) => kindsOfRows(result.failures, offsetMs))
  return failureRows(mergeFailureKinds(parts), (target) => target)
}

/** What befell recipients and sessions of all generators. */
export function mergeAsides(
  shares: readonly Share[],
): Required<Pick<Result, 'refused_recipients' | 'session_failures' | 'session_caps'>> {
  const merged = (of: (result: Result) => readonly FailureRow[] | undefined) => {
    const parts = shares.map(({ result, offsetMs }) => kindsOfRows(of(result) ?? [], offsetMs))
    return failureRows(mergeFailureKinds(parts), (target) => target)
  }
  const caps = shares.flatMap(({ result }) => result.session_caps ?? [])
  return {
    refused_recipients: merged((result) => result.refused_recipients),
    session_failures: merged((result) => result.session_failures),
    session_caps: mergeSessionCaps(caps),
  }
}

type NotEmpty<T> = readonly [T, ...T[]]

/** Rows with the same key together, in the order of their first. */
function grouped<T>(rows: readonly T[], keyOf: (row: T) => string): NotEmpty<T>[] {
  const groups = new Map<string, [T, ...T[]]>()
  for (const row of rows) {
    const group = groups.get(keyOf(row))
    if (group === undefined) groups.set(keyOf(row), [row])
    else group.push(row)
  }
  return [...groups.values()]
}

/** What a generator booted and watched. Two may have given the same name to servers of their own. */
export function mergeUsage(shares: readonly Share[]): Record<string, ResourceUsage> {
  const merged: Record<string, ResourceUsage> = {}
  for (const { result, split } of shares) {
    for (const [name, usage] of Object.entries(result.resource_usage)) {
      merged[Object.hasOwn(merged, name) ? `${name} (generator ${split.index})` : name] = usage
    }
  }
  return merged
}

const MAX_IDS = 20

/** Each generator has asked the servers for its own ids alone, so that counts add up. */
export function mergeLedgers(shares: readonly Share[]): Result['ledger'] {
  const ledgers = shares.map(({ result }) => result.ledger)
  const sum = (name: 'received' | 'lost' | 'duplicated' | 'corrupted' | 'unacknowledged') =>
    ledgers.reduce<number | null>(
      (total, { [name]: count }) => (total === null || count === null ? null : total + count),
      0,
    )
  const ids = (name: 'lost_ids' | 'duplicated_ids' | 'corrupted_ids') =>
    ledgers.flatMap((ledger) => ledger[name]).slice(0, MAX_IDS)
  const unverified = shares.find(({ result }) => !result.ledger.verified)
  const whyNot = unverified?.result.ledger.why_not ?? 'a generator could not verify its part'
  return {
    verified: unverified === undefined,
    ...(unverified === undefined ? {} : { why_not: `generator ${unverified.split.index}: ${whyNot}` }),
    acknowledged: ledgers.reduce((total, { acknowledged }) => total + acknowledged, 0),
    received: sum('received'),
    lost: sum('lost'),
    duplicated: sum('duplicated'),
    corrupted: sum('corrupted'),
    unacknowledged: sum('unacknowledged'),
    lost_ids: ids('lost_ids'),
    duplicated_ids: ids('duplicated_ids'),
    corrupted_ids: ids('corrupted_ids'),
  }
}
