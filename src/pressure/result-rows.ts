import type { LatencySummary } from '../engine/histogram.ts'
import type { PressureVerification } from './result.ts'

/** One tenant: what its client counted (names of the seed's `/stats`) and what became of its messages. */
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
