import { Histogram, quantileMs, summarise } from '../engine/histogram.ts'
import { sparedFetches } from './cache-use.ts'
import { FLOOR_MS, fairnessOf, type TenantLoad } from './fairness.ts'
import type { RunRecords } from './records.ts'
import type { PressureMetrics, PressureTimelineRow, PressureVerification, TenantRow } from './result.ts'
import type { Times } from './times.ts'

export interface MetricsParts {
  readonly records: RunRecords
  readonly rows: readonly TenantRow[]
  readonly timeline: readonly PressureTimelineRow[]
  readonly verification: PressureVerification
  /** All tenants together, and each. */
  readonly times: Times
  readonly tenantTimes: readonly Times[]
  /** The run that this one is compared with. */
  readonly reference: Reference | undefined
}

/** What is compared with. */
export interface Reference {
  readonly metrics: Pick<PressureMetrics, 'messages_per_second'>
  readonly tenants: readonly Pick<TenantRow, 'tenant_id' | 'end_to_end_ms'>[]
}

/** The figures of a whole run. */
export function assembleMetrics(parts: MetricsParts): PressureMetrics {
  const { records, rows, timeline, verification, times, tenantTimes, reference } = parts
  const throughput = perSecond(records, verification.delivered ?? times.endToEnd.count)
  const { startedAtEpochMs, generatedUntilEpochMs, endedAtEpochMs } = records
  const delivered = verification.delivered ?? times.endToEnd.count
  // Without verification this is what is known to have arrived.
  const successful = verification.intact ?? delivered
  const total = verification.handed_over
  const durationSeconds = (endedAtEpochMs - startedAtEpochMs) / 1000
  const { count: _, ...latency } = summarise(times.endToEnd)
  return {
    total_messages: total,
    successful_messages: successful,
    failed_messages: total - successful,
    success_rate: total === 0 ? 0 : successful / total,
    window_seconds: (generatedUntilEpochMs - startedAtEpochMs) / 1000,
    drain_seconds: (endedAtEpochMs - generatedUntilEpochMs) / 1000,
    duration_seconds: durationSeconds,
    messages_per_second: throughput,
    throughput_ratio: ratio(throughput, reference?.metrics.messages_per_second),
    p95_ratio: p95Ratio(records, reference),
    total_bytes_sent: sum([...records.deliveries.all()].map(({ bytes }) => bytes)),
    latency_ms: latency,
    end_to_end_ms: summarise(times.endToEnd),
    report_lag_ms: summarise(times.reportLag),
    sync_response_ms: summarise(times.syncResponse),
    attachments_served: sum(timeline.map((row) => row.attachments_served)),
    attachment_bytes_served: sum(timeline.map((row) => row.attachment_bytes_served)),
    cache_hit_rate: cacheHitRate(records),
    delivery_cache_hit_rate: sparedFetches(records),
    sync_calls: sum(rows.map((row) => row.sync_calls)),
    dnd_periods: sum(rows.map((row) => row.dnd_periods)),
    dnd_violations: sum(rows.map((row) => row.dnd_violations)),
    dnd_resume_ms: summarise(times.dndResume),
    over_limit: mostOf(rows.map((row) => row.over_limit)),
    deferred: counted(records, 'deferred'),
    rate_limited: counted(records, 'rate_limited'),
    fairness: fairnessOf(unlimited(records, tenantTimes)),
    peak_pending: mostOf(timeline.map((row) => row.pending)),
    peak_proxy_memory_bytes: mostOf(timeline.map((row) => row.proxy_memory_bytes)),
    peak_test_process_memory_bytes: mostOf(timeline.map((row) => row.test_process_memory_bytes)) ?? 0,
    start_time: new Date(startedAtEpochMs).toISOString(),
    end_time: new Date(endedAtEpochMs).toISOString(),
  }
}

/** From the first hand-over to the last delivery: what comes after is waiting for reports. */
function perSecond({ tenants, deliveries }: RunRecords, delivered: number): number {
  let first = Number.POSITIVE_INFINITY
  let last = 0
  for (const { handedOver } of tenants) {
    for (const { id, handedOverAtEpochMs } of handedOver) {
      first = Math.min(first, handedOverAtEpochMs)
      last = Math.max(last, deliveries.firstAtEpochMs(id) ?? 0)
    }
  }
  return last > first ? (delivered * 1000) / (last - first) : 0
}

function ratio(value: number, of: number | undefined): number | null {
  return of === undefined || of === 0 ? null : value / of
}

/** The worst of the tenants that both runs have. What never arrived took at least until the end. */
function p95Ratio({ tenants, deliveries, endedAtEpochMs }: RunRecords, reference: Reference | undefined) {
  const before = new Map(
    reference?.tenants.map(({ tenant_id, end_to_end_ms }) => [tenant_id, end_to_end_ms.p95]),
  )
  const ratios = tenants.map(({ tenantId, handedOver }) => {
    const p95Before = before.get(tenantId) ?? null
    if (p95Before === null || handedOver.length === 0) return null
    const waited = new Histogram()
    for (const { id, handedOverAtEpochMs } of handedOver)
      waited.record((deliveries.firstAtEpochMs(id) ?? endedAtEpochMs) - handedOverAtEpochMs)
    return Math.max(FLOOR_MS, quantileMs(waited.toSparse(), 0.95)) / Math.max(FLOOR_MS, p95Before)
  })
  return mostOf(ratios)
}

/** Who waits for a limit of its own is not kept waiting by others. */
function unlimited({ tenants }: RunRecords, times: readonly Times[]): TenantLoad[] {
  return tenants.flatMap(({ handedOver, limitPerMinute }, index) => {
    const plainEndToEnd = times[index]?.plainEndToEnd
    if (limitPerMinute !== undefined || plainEndToEnd === undefined) return []
    const attachmentBytes = sum(
      handedOver.flatMap(({ attachments }) => attachments.map(({ sizeBytes }) => sizeBytes)),
    )
    return [{ plainEndToEnd, messages: handedOver.length, attachmentBytes }]
  })
}

function cacheHitRate({ samples }: RunRecords): number | null {
  const cache = lastTotals(samples)?.cache
  return cache === undefined || cache === null || cache.lookups === 0 ? null : cache.hits / cache.lookups
}

function counted({ samples }: RunRecords, name: 'deferred' | 'rate_limited'): number | null {
  const totals = lastTotals(samples)
  return totals === undefined ? null : sum(totals.accounts.map((account) => account[name]))
}

export function lastTotals(samples: RunRecords['samples']) {
  return samples.findLast(({ totals }) => totals !== undefined)?.totals
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

function mostOf(values: readonly (number | null)[]): number | null {
  return values.reduce<number | null>(
    (most, value) => (value === null ? most : Math.max(most ?? value, value)),
    null,
  )
}
