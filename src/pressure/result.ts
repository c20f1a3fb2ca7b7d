import type { LatencySummary, SparseHistogram } from '../engine/histogram.ts'
import type { ResourceUsage, Result, ThresholdResult } from '../engine/result.ts'

/** Format name of the results of pressure runs; the number rises when a field changes its meaning. */
export const PRESSURE_FORMAT = 'mailstorm-pressure/1'

/**
 * What became of every message that was handed over. Counts are null when they could not be determined. The
 * id lists hold the first few of each kind, to look up in the logs.
 */
export interface PressureVerification {
  /** False when deliveries or reports could not be read. */
  readonly verified: boolean
  /** Why they could not be read. */
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
  /** The first ids that were lost. */
  readonly lost_ids: readonly string[]
  /** The first ids that were duplicated. */
  readonly duplicated_ids: readonly string[]
  /** The first ids that were corrupted. */
  readonly corrupted_ids: readonly string[]
  /** The first ids that were never reported. */
  readonly unreported_ids: readonly string[]
  /** The first ids that were reported wrongly. */
  readonly misreported_ids: readonly string[]
  /** What is wrong with the first corrupted messages, a sentence each. */
  readonly remarks: readonly string[]
}

/** A problem diagnosed from the figures. */
export interface Finding {
  /** Identifier of the rule, such as `pending-growing`. */
  readonly rule: string
  /** `critical`: messages or guarantees are at risk. */
  readonly severity: 'warning' | 'critical'
  /** What was observed, in a sentence. */
  readonly symptom: string
  /** The numbers of this run that triggered the rule. */
  readonly evidence: string
  /** The likely cause. */
  readonly cause: string
  /** What to do about it. */
  readonly action: string
}

/** An event during the run, such as "proxy-1 was killed by SIGKILL". */
export interface RunEvent {
  /** Seconds after the start of the run. */
  readonly at_seconds: number
  /** What happened, in a sentence. */
  readonly what: string
}

/** The proxies of a run. */
export interface ProxyFacts {
  /** `unknown` for an external proxy whose metrics do not say. */
  readonly implementation: 'mailstorm' | 'genro-mail-proxy' | 'unknown'
  /** Number of proxies. */
  readonly instances: number
  /** Addresses of their APIs. */
  readonly urls: readonly string[]
  /** `in-process`: inside the test process. `external`: they were running already (`PROXY_URL`). */
  readonly runs: 'in-process' | 'processes' | 'containers' | 'external'
  /** The `GMP_*` settings that were given to them. */
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
  /** Handed over, and not delivered exactly once and unchanged. */
  readonly failed_messages: number
  /** `successful_messages` divided by `total_messages`, 0 to 1. */
  readonly success_rate: number
  /** Hand-over: from the registration of the tenants until they stop generating messages, in seconds. */
  readonly window_seconds: number
  /** From then until everything was delivered and reported, or the run stopped waiting, in seconds. */
  readonly drain_seconds: number
  /** Hand-over and drain together, in seconds. */
  readonly duration_seconds: number
  /** Delivered per second, from the first hand-over to the last delivery. */
  readonly messages_per_second: number
  /**
   * Worst ratio of a tenant's p95 to its p95 in the first run of the scenario (times below 1 s count as 1 s).
   * Only tenants of both runs are compared; null without a first run.
   */
  readonly p95_ratio: number | null
  /** Throughput relative to the first run of the scenario; null without one. */
  readonly throughput_ratio: number | null
  /** Bytes of the delivered messages, attachments included. */
  readonly total_bytes_sent: number
  /** Same as `end_to_end_ms`, without its count. */
  readonly latency_ms: Omit<LatencySummary, 'count'>
  /** From hand-over to arrival in the sink, in ms. */
  readonly end_to_end_ms: LatencySummary
  /** From arrival in the sink until the tenant was told, in ms. */
  readonly report_lag_ms: LatencySummary
  /** How long tenants took to answer sync calls, in ms. */
  readonly sync_response_ms: LatencySummary
  /** Attachments that tenants served. */
  readonly attachments_served: number
  /** Bytes of these attachments. */
  readonly attachment_bytes_served: number
  /** Hit rate of the proxies' attachment caches, by their own metrics; null when they count no lookups. */
  readonly cache_hit_rate: number | null
  /** Share of avoidable attachment fetches that the proxy avoided, over all tenants. */
  readonly delivery_cache_hit_rate: number | null
  /** Sync calls that tenants received. */
  readonly sync_calls: number
  /** Do-not-disturb periods that tenants asked for (`next_sync_after`). */
  readonly dnd_periods: number
  /** Sync calls during such a period. */
  readonly dnd_violations: number
  /** From the end of such a period to the next sync call, in ms. */
  readonly dnd_resume_ms: LatencySummary
  /** Transactions beyond an account's limit within any 60 s; null without a limit. */
  readonly over_limit: number | null
  /** Messages that the proxies deferred, by their own counters; null when these could not be read. */
  readonly deferred: number | null
  /**
   * Messages that the proxies held back for a rate limit, by their own counters; null when these could not
   * be read.
   */
  readonly rate_limited: number | null
  /**
   * Slowest tenant's end-to-end p95 divided by the fastest's, over messages without attachments (times below 1 s
   * count as 1 s); null with fewer than two tenants to compare.
   */
  readonly fairness: number | null
  /** Most messages queued at once; null when the queue could not be read. */
  readonly peak_pending: number | null
  /** Most memory of all proxies together, in bytes; null when unknown. */
  readonly peak_proxy_memory_bytes: number | null
  /** Most memory of the test process, with its tenants and in-process proxies, in bytes. */
  readonly peak_test_process_memory_bytes: number
  /** Start of the registration of the tenants, in ISO 8601. */
  readonly start_time: string
  /** End of the drain, in ISO 8601. */
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
  /** Version of this format; the number rises when a field changes its meaning. */
  readonly format: typeof PRESSURE_FORMAT
  /** Always `pressure`. */
  readonly test_type: 'pressure'
  /** The proxies. */
  readonly proxy: ProxyFacts
  /** The figures of the whole run. */
  readonly metrics: PressureMetrics
  /** Each threshold with its value and verdict. */
  readonly thresholds: readonly ThresholdResult[]
  /** What became of every message, over all tenants. */
  readonly verification: PressureVerification
  /** The figures of each tenant. */
  readonly tenants: readonly TenantRow[]
  /** What the proxies counted for each account. */
  readonly accounts: readonly AccountRow[]
  /** The run second by second. */
  readonly timeline: readonly PressureTimelineRow[]
  /** Problems found in the figures, with cause and action. */
  readonly diagnosis: readonly Finding[]
  /** What happened during the run, such as a process that died. */
  readonly events: readonly RunEvent[]
  /** CPU and memory of each service that was booted for the run, by its name. */
  readonly resource_usage: Readonly<Record<string, ResourceUsage>>
  /** All end-to-end times and report lags, so that percentiles can be merged exactly. */
  readonly histograms: {
    /** From hand-over to arrival in the sink. */
    readonly end_to_end: SparseHistogram
    /** From arrival in the sink until the tenant was told. */
    readonly report_lag: SparseHistogram
  }
}

/** Result of a run that is judged: stress or pressure. */
export type AnyResult = Result | PressureResult

/** One tenant: the counts of its client (named as in `/stats`) and the account of its messages. */
export interface TenantRow {
  /** Id of the tenant. */
  readonly tenant_id: string
  /** Id of its client, as in `/stats`. */
  readonly client_id: string
  /** Its profile, such as `newsletter`. */
  readonly profile: string
  /** How it hands messages over: in the answer to a sync call, or pushed by add-messages. */
  readonly intake: 'response' | 'push'
  /** Sync calls it received. */
  readonly sync_calls: number
  /** Delivery reports it received. */
  readonly reports_received: number
  /** Messages it generated. */
  readonly messages_generated: number
  /** Attachments it served. */
  readonly attachments_served: number
  /** Megabytes of these attachments. */
  readonly attachment_mb_served: number
  /** Share of attachments with a marker that repeat an earlier one. */
  readonly generation_cache_hit_rate: number | null
  /** Share of avoidable attachment fetches that the proxy avoided. */
  readonly delivery_cache_hit_rate: number | null
  /** Do-not-disturb periods it asked for. */
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
  /** Mean number of messages per sync call; null without one. */
  readonly msg_per_sync: number | null
  /** What became of its messages. */
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
  /** Tenant of the account. */
  readonly tenant_id: string
  /** Id of the account. */
  readonly account_id: string
  /** Messages sent. */
  readonly sent: number | null
  /** Messages given up. */
  readonly errors: number | null
  /** Messages deferred. */
  readonly deferred: number | null
  /** Messages held back for a rate limit. */
  readonly rate_limited: number | null
}

/** One second of the run. Counts cover that second; gauges are read at its end (null: not read). */
export interface PressureTimelineRow {
  /** Seconds after the start of the run. */
  readonly second: number
  /** Messages handed over. */
  readonly handed_over: number
  /** Messages that arrived in the sink. */
  readonly delivered: number
  /** Delivery reports that reached tenants. */
  readonly reported: number
  /** Sync calls that tenants received. */
  readonly sync_calls: number
  /** Attachments that tenants served. */
  readonly attachments_served: number
  /** Bytes of these attachments. */
  readonly attachment_bytes_served: number
  /** Do-not-disturb periods that began. */
  readonly dnd_periods: number
  /** Messages queued in the proxy (`gmp_pending_messages`). */
  readonly pending: number | null
  /** Messages sent, by the proxies' counters. */
  readonly sent: number | null
  /** Messages given up, by the proxies' counters. */
  readonly errors: number | null
  /** Messages deferred, by the proxies' counters. */
  readonly deferred: number | null
  /** Messages held back for a rate limit, by the proxies' counters. */
  readonly rate_limited: number | null
  /** `sent` per account id. */
  readonly sent_by_account: Readonly<Record<string, number>>
  /** Resident memory of all proxies together; null when unknown. */
  readonly proxy_memory_bytes: number | null
  /** Memory of the test process, with its tenants and in-process proxies. */
  readonly test_process_memory_bytes: number | null
  /** End-to-end time of messages delivered in this second. */
  readonly end_to_end_ms: LatencySummary
  /** How long tenants took to answer sync calls, in ms. */
  readonly sync_response_ms: LatencySummary
}
