import { summarise } from '../../engine/histogram.ts'
import { PRESSURE_FIGURES, type PressureRun } from '../../figures/pressure.ts'
import { judgeOn, skipUnasked, type Threshold } from '../../figures/threshold.ts'
import { senderOf } from '../../programs/tenants/wire.ts'
import { diagnose } from '../diagnosis/diagnose.ts'
import { keyOf } from '../proxies/reading.ts'
import type { RunRecords, TenantRecords } from '../records.ts'
import type { AccountRow, PressureResult, TenantRow } from '../result.ts'
import { assembleMetrics, lastTotals, type Reference } from './metrics.ts'
import { assembleTimeline } from './timeline.ts'
import { mergedTimes, type Times, timesOf } from './times.ts'
import { sumOf, unverified, verify } from './verify.ts'

/** The part of a result that follows from the run's records. */
export type Measured = Pick<
  PressureResult,
  | 'metrics'
  | 'thresholds'
  | 'verification'
  | 'tenants'
  | 'accounts'
  | 'timeline'
  | 'diagnosis'
  | 'events'
  | 'histograms'
>

export interface Assembly {
  readonly thresholds: readonly Threshold[]
  readonly proxy: PressureResult['proxy']
  /** The run that this one is compared with. */
  readonly reference?: Reference | undefined
}

export function assemble(records: RunRecords, { thresholds, proxy, reference }: Assembly): Measured {
  const tenantTimes = records.tenants.map((tenant) => timesOf(tenant, records))
  const times = mergedTimes(tenantTimes)
  const tenants = records.tenants.map((tenant, index) =>
    tenantRow(tenant, records, tenantTimes[index] as (typeof tenantTimes)[number]),
  )
  const verification = sumOf(
    tenants.map((row) => row.verification),
    unknownDeliveries(records),
  )
  const timeline = assembleTimeline(records)
  const rows = tenants
  const metrics = assembleMetrics({ records, rows, timeline, verification, times, tenantTimes, reference })
  const histograms = { end_to_end: times.endToEnd, report_lag: times.reportLag }
  const run = { metrics, verification, histograms }
  const judged = thresholds.map((threshold) =>
    skipUnasked(judgeOn<PressureRun>(threshold, run, PRESSURE_FIGURES), threshold),
  )
  return {
    metrics,
    thresholds: judged,
    verification,
    tenants,
    accounts: accountRows(records),
    timeline,
    diagnosis: diagnose({ timeline, metrics, tenants, verification, proxy }),
    events: records.events,
    histograms,
  }
}

/** Delivered ids that no tenant knows, and deliveries without an id. */
function unknownDeliveries({ tenants, deliveries, uncertain }: RunRecords): number {
  const known = new Set(tenants.flatMap(({ handedOver }) => handedOver.map(({ id }) => id)))
  return [...deliveries.ids()]
    .filter((id) => !known.has(id) && !uncertain.has(id))
    .reduce((sum, id) => sum + deliveries.of(id).length, 0)
}

/** The account of every tenant, and any other that the proxy counted for one of them. */
function accountRows({ tenants, samples }: RunRecords): AccountRow[] {
  const counted = new Map(lastTotals(samples)?.accounts.map((account) => [keyOf(account), account]))
  const own = tenants.map(({ tenantId, accountId }) => ({ tenantId, accountId }))
  const ids = new Set(tenants.map(({ tenantId }) => tenantId))
  const others = [...counted.values()].filter(
    (account) => ids.has(account.tenantId) && own.every((one) => keyOf(one) !== keyOf(account)),
  )
  return [...own, ...others].map(({ tenantId, accountId }) => {
    const account = counted.get(keyOf({ tenantId, accountId }))
    const { sent = null, errors = null, deferred = null, rate_limited = null } = account ?? {}
    return { tenant_id: tenantId, account_id: accountId, sent, errors, deferred, rate_limited }
  })
}

/** What one tenant counted, and what became of its messages. */
function tenantRow(tenant: TenantRecords, records: RunRecords, times: Times): TenantRow {
  const { deliveries, unknownBecause, generatedUntilEpochMs } = records
  const { handedOver, syncs, queued, outcomeOf } = tenant
  const verification =
    unknownBecause === undefined
      ? verify({ handedOver, deliveries, queued, outcomeOf })
      : unverified(handedOver.length, unknownBecause)
  return {
    tenant_id: tenant.tenantId,
    ...tenant.counted,
    sync_calls: syncs.length,
    reports_received: syncs.reduce((sum, { reports }) => sum + reports, 0),
    // After the end of generation the run itself asks for calls, whatever the tenant wants.
    dnd_violations: syncs.filter((sync) => sync.insideDnd && sync.startedAtEpochMs < generatedUntilEpochMs)
      .length,
    dnd_resume_ms: summarise(times.dndResume),
    over_limit: overLimitOf(tenant, records),
    verification,
    end_to_end_ms: summarise(times.endToEnd),
    report_lag_ms: summarise(times.reportLag),
    sync_response_ms: summarise(times.syncResponse),
  }
}

function overLimitOf(
  { tenantId, handedOver, limitPerMinute }: TenantRecords,
  { deliveries, mails }: RunRecords,
): number | null {
  if (limitPerMinute === undefined) return null
  // Servers limit transactions, including those that they refuse.
  const begun = mails?.filter(({ sender }) => sender === senderOf(tenantId))
  if (begun !== undefined)
    return overLimit(
      begun.map(({ atEpochMs }) => atEpochMs),
      limitPerMinute,
    )
  const times = handedOver.flatMap(({ id }) => deliveries.of(id).map(({ atEpochMs }) => atEpochMs))
  return overLimit(times, limitPerMinute)
}

/** A limit of n a minute holds for any 60 s; one second less, because the network may bunch arrivals. */
const WINDOW_MS = 59_000

/** How many deliveries or transactions exceed the limit within any minute. Times may be in any order. */
export function overLimit(atEpochMs: readonly number[], limitPerMinute: number): number {
  const times = atEpochMs.toSorted((a, b) => a - b)
  let most = 0
  let from = 0
  for (const [to, time] of times.entries()) {
    while (time - (times[from] as number) >= WINDOW_MS) from++
    most = Math.max(most, to - from + 1)
  }
  return Math.max(0, most - limitPerMinute)
}
