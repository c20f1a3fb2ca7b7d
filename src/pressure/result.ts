import type { LatencySummary, SparseHistogram } from '../engine/histogram.ts'
import type { ResourceUsage, Result, ThresholdResult } from '../engine/result.ts'

/** Format name of the results of pressure runs; the number rises when a field changes its meaning. */
export const PRESSURE_FORMAT = 'mailstorm-pressure/1'

/** The first ids of each kind, to look them up in the logs of tenants, proxy and sink. */
export interface PressureVerification {
  /** False when deliveries or reports could not be read: counts are null. */
  readonly verified: boolean
  readonly why_not?: string
  /** Handed to the proxy: in a sync response, or accepted by add-messages. */
  readonly handed_over: number
  /** Different ids that the sink holds at least once; not those that wait for the rest of their recipients. */
  readonly delivered: number | null
  /** Of these, the ones that came exactly once and unchanged. */
  readonly intact: number | null
  /** Neither delivered, nor reported as an error, nor still queued. */
  readonly lost: number | null
  /** In the queue of the proxy when the run gave up waiting; null when the queue could not be read. */
  readonly still_queued: number | null
  /** Deliveries to somebody who had the message already, all ids together. */
  readonly duplicated: number | null
  /** Delivered with text, or an attachment's bytes or MD5, other than the tenant's. */
  readonly corrupted: number | null
  /** Delivered, but no `sent` report reached the tenant. */
  readonly unreported: number | null
  /** Reported as `sent` and not delivered to all but those whom the report names; or as an error and delivered. */
  readonly misreported: number | null
  /** Recipients whom a delivered message did not reach, whether their refusal was reported or not. */
  readonly missed_recipients: number | null
  /** In the sink, but never handed over. */
  readonly unknown: number | null
  /** Not delivered, and reported as a final error. */
  readonly errors: number | null
  readonly lost_ids: readonly string[]
  readonly duplicated_ids: readonly string[]
  readonly corrupted_ids: readonly string[]
  readonly unreported_ids: readonly string[]
  readonly misreported_ids: readonly string[]
  /** What is wrong with the first corrupted ones, in a sentence each. */
  readonly remarks: readonly string[]
}

/** A warning sign found in the figures. */
export interface Finding {
  /** As `pending-growing`. */
  readonly rule: string
  readonly severity: 'warning' | 'critical'
  readonly symptom: string
  /** With numbers of this run. */
  readonly evidence: string
  readonly cause: string
  readonly action: string
}

/** What happened to the parts during the run, as "proxy-1 was killed by SIGKILL". */
export interface RunEvent {
  readonly at_seconds: number
  readonly what: string
}

export interface ProxyFacts {
  /** `unknown` for a proxy given by address whose metrics do not tell. */
  readonly implementation: 'mailstorm' | 'genro-mail-proxy' | 'unknown'
  readonly instances: number
  readonly urls: readonly string[]
  /** In the test process, as processes of their own, in containers, or already running. */
  readonly runs: 'in-process' | 'processes' | 'containers' | 'external'
  readonly settings: Readonly<Record<string, string>>
}

/** Named as in `Result.metrics` where they mean the same, so that lists and comparisons read both. */
export interface PressureMetrics {
  /** Handed over. */
  readonly total_messages: number
  /** Delivered exactly once, intact. */
  readonly successful_messages: number
  readonly failed_messages: number
  readonly success_rate: number
  /** Of the hand-over: from the first sync call to the end of generation. */
  readonly window_seconds: number
  /** From the end of generation until all was delivered and reported, or given up. */
  readonly drain_seconds: number
  readonly duration_seconds: number
  /** Delivered per second over the whole duration. */
  readonly messages_per_second: number
  /**
   * The worst p95 of a tenant that the first run of the same scenario has too, against its p95 there, times below
   * a second counting as one; null where there is no such run.
   */
  readonly p95_ratio: number | null
  /** Against the first run of the same scenario; null where there is none. */
  readonly throughput_ratio: number | null
  readonly total_bytes_sent: number
  /** End to end: hand-over to sink. */
  readonly latency_ms: Omit<LatencySummary, 'count'>
  readonly end_to_end_ms: LatencySummary
  readonly report_lag_ms: LatencySummary
  readonly sync_response_ms: LatencySummary
  readonly attachments_served: number
  readonly attachment_bytes_served: number
  /** Of the proxy's cache, by its metrics, else by what tenants saw; null without cacheable fetches. */
  readonly cache_hit_rate: number | null
  /** Of the fetches that the proxy could have spared, those it spared, all tenants together. */
  readonly delivery_cache_hit_rate: number | null
  readonly sync_calls: number
  readonly dnd_periods: number
  readonly dnd_violations: number
  readonly dnd_resume_ms: LatencySummary
  readonly over_limit: number | null
  /** Of the proxy's counters; null where its metrics could not be read. */
  readonly deferred: number | null
  readonly rate_limited: number | null
  /** The slowest tenant's end-to-end p95 against the fastest's, over messages without attachments; null with one tenant. */
  readonly fairness: number | null
  readonly peak_pending: number | null
  readonly peak_proxy_memory_bytes: number | null
  /** Of the test process itself, tenants and in-process proxies included. */
  readonly peak_test_process_memory_bytes: number
  readonly start_time: string
  readonly end_time: string
}

/** The versioned JSON of one pressure run. What it shares with `Result` has the same names. */
export interface PressureResult
  extends Pick<
    Result,
    | 'scenario'
    | 'part'
    | 'run_id'
    | 'stamp'
    | 'status'
    | 'partial_reason'
    | 'verdict'
    | 'observations'
    | 'backend'
    | 'machine'
    | 'versions'
    | 'seed'
    | 'logs'
    | 'side_by_side'
  > {
  readonly format: typeof PRESSURE_FORMAT
  readonly test_type: 'pressure'
  readonly proxy: ProxyFacts
  readonly metrics: PressureMetrics
  readonly thresholds: readonly ThresholdResult[]
  readonly verification: PressureVerification
  readonly tenants: readonly TenantRow[]
  readonly accounts: readonly AccountRow[]
  readonly timeline: readonly PressureTimelineRow[]
  readonly diagnosis: readonly Finding[]
  readonly events: readonly RunEvent[]
  readonly resource_usage: Readonly<Record<string, ResourceUsage>>
  readonly histograms: { readonly end_to_end: SparseHistogram; readonly report_lag: SparseHistogram }
}

/** Whatever a stress run leaves. */
export type AnyResult = Result | PressureResult

export function isPressure(result: AnyResult): result is PressureResult {
  return result.test_type === 'pressure'
}

/** One tenant: what its client counted (names as in `/stats`) and what became of its messages. */
export interface TenantRow {
  readonly tenant_id: string
  readonly client_id: string
  readonly profile: string
  readonly intake: 'response' | 'push'
  readonly sync_calls: number
  readonly reports_received: number
  readonly messages_generated: number
  readonly attachments_served: number
  readonly attachment_mb_served: number
  /** Attachments that were a repetition of an earlier one, of all that carry a marker. */
  readonly generation_cache_hit_rate: number | null
  /** Of the fetches that the proxy could have spared, those it spared. */
  readonly delivery_cache_hit_rate: number | null
  readonly dnd_periods: number
  /** Sync calls that came inside a DND window. */
  readonly dnd_violations: number
  /** From the end of a DND window to the sync call after it. */
  readonly dnd_resume_ms: LatencySummary
  /** Transactions within any 60 s (deliveries, where nobody noted those) beyond what its account allows; null without a limit. */
  readonly over_limit: number | null
  readonly msg_per_sync: number | null
  readonly verification: PressureVerification
  /** From hand-over to the sink. */
  readonly end_to_end_ms: LatencySummary
  /** From the sink to the report at the tenant. */
  readonly report_lag_ms: LatencySummary
  /** How long the tenant took to answer a sync call. */
  readonly sync_response_ms: LatencySummary
}

/** One account as the proxy's own metrics count it; null where its metrics could not be read. */
export interface AccountRow {
  readonly tenant_id: string
  readonly account_id: string
  readonly sent: number | null
  readonly errors: number | null
  readonly deferred: number | null
  readonly rate_limited: number | null
}

/** One second of the run; counts are of that second alone, gauges of its end (null = not read). */
export interface PressureTimelineRow {
  readonly second: number
  readonly handed_over: number
  readonly delivered: number
  readonly reported: number
  readonly sync_calls: number
  readonly attachments_served: number
  readonly attachment_bytes_served: number
  readonly dnd_periods: number
  /** `gmp_pending_messages`. */
  readonly pending: number | null
  /** Of the proxy's counters, all accounts together. */
  readonly sent: number | null
  readonly errors: number | null
  readonly deferred: number | null
  readonly rate_limited: number | null
  /** `sent` by account id. */
  readonly sent_by_account: Readonly<Record<string, number>>
  /** Resident memory of all proxies together; null where it cannot be told. */
  readonly proxy_memory_bytes: number | null
  /** Of the test process, tenants and in-process proxies included. */
  readonly test_process_memory_bytes: number | null
  /** End-to-end time of what was delivered in this second. */
  readonly end_to_end_ms: LatencySummary
  readonly sync_response_ms: LatencySummary
}
