import type { LatencySummary, SparseHistogram } from '../engine/histogram.ts'
import type { ResourceUsage, Result, ThresholdResult } from '../engine/result.ts'

/** Format name of the results of pressure runs; the number rises when a field changes its meaning. */
export const PRESSURE_FORMAT = 'mailstorm-pressure/1'

/** The account of a run's messages. The id lists hold the first few of each kind, to look up in the logs. */
export interface PressureVerification {
  /** False when deliveries or reports could not be read: counts are null. */
  readonly verified: boolean
  readonly why_not?: string
  /** Handed to the proxy: in a sync response, or accepted by add-messages. */
  readonly handed_over: number
  /** Distinct ids that the sink received at least once, not counting those with recipients still to come. */
  readonly delivered: number | null
  /** Of the delivered, those received exactly once and unchanged. */
  readonly intact: number | null
  /** Neither delivered, nor reported as an error, nor still queued. */
  readonly lost: number | null
  /** Still queued in the proxy when the run stopped waiting; null when the queue could not be read. */
  readonly still_queued: number | null
  /** Deliveries to a recipient that already had the message, summed over all ids. */
  readonly duplicated: number | null
  /** Delivered with text, attachment bytes or MD5 that differ from the tenant's. */
  readonly corrupted: number | null
  /** Delivered, but no `sent` report reached the tenant. */
  readonly unreported: number | null
  /**
   * Reported as `sent` though a recipient that the report does not name got nothing, or reported as an error
   * but delivered.
   */
  readonly misreported: number | null
  /** Recipients that a delivered message did not reach, whether or not their refusal was reported. */
  readonly missed_recipients: number | null
  /** Received by the sink, but never handed over. */
  readonly unknown: number | null
  /** Not delivered, and reported as a final error. */
  readonly errors: number | null
  readonly lost_ids: readonly string[]
  readonly duplicated_ids: readonly string[]
  readonly corrupted_ids: readonly string[]
  readonly unreported_ids: readonly string[]
  readonly misreported_ids: readonly string[]
  /** What is wrong with the first corrupted messages, a sentence each. */
  readonly remarks: readonly string[]
}

/** A problem diagnosed from the figures. */
export interface Finding {
  /** Identifier of the rule, such as `pending-growing`. */
  readonly rule: string
  readonly severity: 'warning' | 'critical'
  readonly symptom: string
  /** The numbers of this run that triggered the rule. */
  readonly evidence: string
  readonly cause: string
  readonly action: string
}

/** An event during the run, such as "proxy-1 was killed by SIGKILL". */
export interface RunEvent {
  readonly at_seconds: number
  readonly what: string
}

export interface ProxyFacts {
  /** `unknown` for an external proxy whose metrics do not say. */
  readonly implementation: 'mailstorm' | 'genro-mail-proxy' | 'unknown'
  readonly instances: number
  readonly urls: readonly string[]
  /** Inside the test process, as separate processes, in containers, or already running. */
  readonly runs: 'in-process' | 'processes' | 'containers' | 'external'
  readonly settings: Readonly<Record<string, string>>
}

/**
 * The figures of a pressure run. Names match `Result.metrics` where the meaning does, so that lists and
 * comparisons read both.
 */
export interface PressureMetrics {
  /** Messages handed over to the proxy. */
  readonly total_messages: number
  /** Delivered exactly once, unchanged. */
  readonly successful_messages: number
  readonly failed_messages: number
  readonly success_rate: number
  /** Length of the hand-over: from the first sync call to the end of generation. */
  readonly window_seconds: number
  /** From the end of generation until everything was delivered and reported, or the run stopped waiting. */
  readonly drain_seconds: number
  readonly duration_seconds: number
  /** Delivered per second over the whole duration. */
  readonly messages_per_second: number
  /**
   * Worst ratio of a tenant's p95 to its p95 in the first run of the scenario (times below 1 s count as 1 s).
   * Only tenants of both runs are compared; null without a first run.
   */
  readonly p95_ratio: number | null
  /** Throughput relative to the first run of the scenario; null without one. */
  readonly throughput_ratio: number | null
  readonly total_bytes_sent: number
  /** End to end: from hand-over to the sink. */
  readonly latency_ms: Omit<LatencySummary, 'count'>
  readonly end_to_end_ms: LatencySummary
  readonly report_lag_ms: LatencySummary
  readonly sync_response_ms: LatencySummary
  readonly attachments_served: number
  readonly attachment_bytes_served: number
  /**
   * Hit rate of the proxy's cache from its metrics, else from the tenants' fetches; null without cacheable
   * fetches.
   */
  readonly cache_hit_rate: number | null
  /** Share of avoidable attachment fetches that the proxy avoided, over all tenants. */
  readonly delivery_cache_hit_rate: number | null
  readonly sync_calls: number
  readonly dnd_periods: number
  readonly dnd_violations: number
  readonly dnd_resume_ms: LatencySummary
  readonly over_limit: number | null
  /** From the proxy's counters; null when its metrics could not be read. */
  readonly deferred: number | null
  readonly rate_limited: number | null
  /**
   * Slowest tenant's end-to-end p95 divided by the fastest's, over messages without attachments; null with one
   * tenant.
   */
  readonly fairness: number | null
  readonly peak_pending: number | null
  readonly peak_proxy_memory_bytes: number | null
  /** Memory of the test process, with its tenants and in-process proxies. */
  readonly peak_test_process_memory_bytes: number
  readonly start_time: string
  readonly end_time: string
}

/** The JSON of one pressure run, versioned by `format`. Fields shared with `Result` have the same names. */
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

/** Result of a run of either kind. */
export type AnyResult = Result | PressureResult

/** The one place that tells results of the two kinds apart. */
export function byKind<T>(
  result: AnyResult,
  of: { readonly smtp: (result: Result) => T; readonly pressure: (result: PressureResult) => T },
): T {
  return result.test_type === 'pressure' ? of.pressure(result) : of.smtp(result)
}

/** One tenant: the counts of its client (named as in `/stats`) and the account of its messages. */
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
  /** Share of attachments with a marker that repeat an earlier one. */
  readonly generation_cache_hit_rate: number | null
  /** Share of avoidable attachment fetches that the proxy avoided. */
  readonly delivery_cache_hit_rate: number | null
  readonly dnd_periods: number
  /** Sync calls that arrived inside a do-not-disturb window. */
  readonly dnd_violations: number
  /** From the end of a do-not-disturb window to the next sync call. */
  readonly dnd_resume_ms: LatencySummary
  /**
   * Transactions (deliveries, when those were not recorded) beyond the account's limit within any 60 s; null
   * without a limit.
   */
  readonly over_limit: number | null
  readonly msg_per_sync: number | null
  readonly verification: PressureVerification
  /** From hand-over to the sink. */
  readonly end_to_end_ms: LatencySummary
  /** From the sink to the delivery report at the tenant. */
  readonly report_lag_ms: LatencySummary
  /** How long the tenant took to answer a sync call. */
  readonly sync_response_ms: LatencySummary
}

/** One account, from the proxy's own metrics; null when they could not be read. */
export interface AccountRow {
  readonly tenant_id: string
  readonly account_id: string
  readonly sent: number | null
  readonly errors: number | null
  readonly deferred: number | null
  readonly rate_limited: number | null
}

/** One second of the run. Counts cover that second; gauges are read at its end (null: not read). */
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
  /** From the proxy's counters, all accounts together. */
  readonly sent: number | null
  readonly errors: number | null
  readonly deferred: number | null
  readonly rate_limited: number | null
  /** `sent` per account id. */
  readonly sent_by_account: Readonly<Record<string, number>>
  /** Resident memory of all proxies together; null when unknown. */
  readonly proxy_memory_bytes: number | null
  /** Memory of the test process, with its tenants and in-process proxies. */
  readonly test_process_memory_bytes: number | null
  /** End-to-end time of messages delivered in this second. */
  readonly end_to_end_ms: LatencySummary
  readonly sync_response_ms: LatencySummary
}
