import { summarise } from '../engine/histogram.ts'
import { senderOf } from '../programs/tenants/wire.ts'
import { overLimit } from './over-limit.ts'
import type { RunRecords, TenantRecords } from './records.ts'
import type { TenantRow } from './result.ts'
import type { Times } from './times.ts'
import { unverified, verify } from './verify.ts'

/** What one tenant counted, and what became of its messages. */
export function tenantRow(tenant: TenantRecords, records: RunRecords, times: Times): TenantRow {
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
    // When nothing more is generated, the run itself asks for calls, whatever the tenant wished before.
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
  // What a server limits is transactions, also those that it refuses.
  const begun = mails?.filter(({ sender }) => sender === senderOf(tenantId))
  if (begun !== undefined)
    return overLimit(
      begun.map(({ atEpochMs }) => atEpochMs),
      limitPerMinute,
    )
  const times = handedOver.flatMap(({ id }) => deliveries.of(id).map(({ atEpochMs }) => atEpochMs))
  return overLimit(times, limitPerMinute)
}
