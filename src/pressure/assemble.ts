import type { ThresholdResult } from '../engine/result.ts'
import type { Threshold } from '../figures/threshold.ts'
import { diagnose } from './diagnosis/diagnose.ts'
import { assembleMetrics, lastTotals, type Reference } from './metrics.ts'
import { keyOf } from './proxy-reading.ts'
import type { RunRecords } from './records.ts'
import type { AccountRow, PressureResult } from './result.ts'
import { tenantRow } from './tenant-row.ts'
import { judgePressure } from './threshold-metrics.ts'
import { assembleTimeline } from './timeline.ts'
import { mergedTimes, timesOf } from './times.ts'
import { sumOf } from './verify.ts'

/** The part of a result that follows from what the run noted. */
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
  const judged: ThresholdResult[] = thresholds.map((threshold) =>
    judgePressure(threshold, { metrics, verification, histograms }),
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

/** Ids that no tenant knows, deliveries without an id among them. */
function unknownDeliveries({ tenants, deliveries, uncertain }: RunRecords): number {
  const known = new Set(tenants.flatMap(({ handedOver }) => handedOver.map(({ id }) => id)))
  return [...deliveries.ids()]
    .filter((id) => !known.has(id) && !uncertain.has(id))
    .reduce((sum, id) => sum + deliveries.of(id).length, 0)
}

/** Every tenant's account, and any other that the proxy counted for one of them. */
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
