import { Histogram, quantileMs, type SparseHistogram, summarise } from '../../engine/histogram.ts'
import type { RunRecords, TenantRecords } from '../records.ts'
import type { PressureMetrics, PressureTimelineRow, PressureVerification, TenantRow } from '../result.ts'
import type { Times } from './times.ts'

export interface MetricsParts {
  readonly records: RunRecords
  readonly rows: readonly TenantRow[]
  readonly timeline: readonly PressureTimelineRow[]
  readonly verification: PressureVerification
  /** Of all tenants together, and of each. */
  readonly times: Times
  readonly tenantTimes: readonly Times[]
  /** The run that this one is compared with. */
  readonly reference: Reference | undefined
}

/** Figures of the run to compare with. */
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
  // Without verification, count what is known to have arrived.
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

/** From the first hand-over to the last delivery; after that the run only waits for reports. */
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

/** The worst ratio over tenants of both runs. Undelivered messages count as taking until the end. */
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

/** A tenant that waits for its own rate limit is not being held up by others. */
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

interface Use {
  delivered: number
  fetches: number
}

/**
 * Of the fetches that a perfect cache would have avoided, the share that the proxy avoided; null when there
 * were none. An attachment of n messages needs one fetch, so n − 1 are avoidable.
 */
function sparedFetches(records: Pick<RunRecords, 'tenants' | 'deliveries'>): number | null {
  let spareable = 0
  let spared = 0
  for (const tenant of records.tenants) {
    for (const { delivered, fetches } of usesOf(tenant, records).values()) {
      const most = Math.max(0, delivered - 1)
      spareable += most
      spared += Math.max(0, most - Math.max(0, fetches - 1))
    }
  }
  return spareable === 0 ? null : spared / spareable
}

function usesOf(
  { handedOver, attachments }: TenantRecords,
  { deliveries }: Pick<RunRecords, 'deliveries'>,
): Map<string, Use> {
  const uses = new Map<string, Use>()
  const useOf = (md5: string): Use => {
    const use = uses.get(md5) ?? { delivered: 0, fetches: 0 }
    uses.set(md5, use)
    return use
  }
  for (const { id, attachments: expected } of handedOver) {
    if (deliveries.of(id).length > 0) for (const { md5 } of expected) useOf(md5).delivered += 1
  }
  for (const { md5, servedBytes, sizeBytes } of attachments) {
    if (servedBytes === sizeBytes) useOf(md5).fetches += 1
  }
  return uses
}

/** The p95 of fewer messages is a single slow message. */
const LEAST_MESSAGES = 20
/** Below this nobody is held up, whatever the ratio: one cycle of the send loop. */
const FLOOR_MS = 1_000

/** A tenant with more than this share of all messages, or of all attachment bytes, floods the proxy. */
const FLOOD_SHARE = 0.5

/** What one tenant handed over. */
export interface TenantLoad {
  /** Times of its messages without attachments, which cost the proxy the same for every tenant. */
  readonly plainEndToEnd: SparseHistogram
  readonly messages: number
  readonly attachmentBytes: number
}

/**
 * Slowest tenant's p95 divided by the fastest's, times below one second counting as one: a flood by one tenant,
 * or its 50 MB files, must not hold up the others. A flooding tenant waits behind its own mail, so its p95
 * counts only as the fastest. Null with fewer than two tenants to compare.
 */
export function fairnessOf(tenants: readonly TenantLoad[]): number | null {
  const floods = (of: 'messages' | 'attachmentBytes', tenant: TenantLoad) =>
    tenant[of] > FLOOD_SHARE * tenants.reduce((sum, one) => sum + one[of], 0)
  const compared = tenants
    .filter(({ plainEndToEnd }) => plainEndToEnd.count >= LEAST_MESSAGES)
    .map((tenant) => ({
      p95Ms: Math.max(FLOOR_MS, quantileMs(tenant.plainEndToEnd, 0.95)),
      floods: floods('messages', tenant) || floods('attachmentBytes', tenant),
    }))
  const heldBack = compared.filter(({ floods }) => !floods).map(({ p95Ms }) => p95Ms)
  if (compared.length < 2 || heldBack.length === 0) return null
  const slowest = heldBack.reduce((most, p95Ms) => Math.max(most, p95Ms), 0)
  const fastest = compared.reduce((least, { p95Ms }) => Math.min(least, p95Ms), Number.POSITIVE_INFINITY)
  return Math.max(1, slowest / fastest)
}
