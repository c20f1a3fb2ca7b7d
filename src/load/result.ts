import type { CustomMetricResults } from './custom-metrics-result.ts'
import type { LatencySummary, SparseHistogram } from './histogram.ts'
import type {
  DriftResult,
  MergedFrom,
  NameLookup,
  OverriddenResult,
  SearchResult,
  SideBySide,
  SplitResult,
} from './result-extras.ts'
import type { Metrics } from './result-metrics.ts'
import type { ResourceUsage } from './result-resources.ts'
import type { Failure, Outcome } from './sample.ts'

export type { Metrics } from './result-metrics.ts'
export type { MinAvgMax, ResourceSample, ResourceUsage } from './result-resources.ts'

/** Format name of the result files; the number rises when a field changes its meaning. */
export const RESULT_FORMAT = 'mailstorm/1'

/**
 * One kind of failure at one target: the same outcome, class, phase and codes, and texts that differ in
 * numbers, ids, addresses and quoted parts alone. `text` is that of the first. At most 200 kinds are listed;
 * a row with `others` counts those of one name that are not, so that the rows always add up to all failures.
 */
export interface FailureRow extends Failure {
  readonly target: string
  readonly outcome: Outcome
  /** What the texts have in common, as `550 <…> is unknown`; absent where all are `text`. */
  readonly pattern?: string
  readonly count: number
  /** Set where there were more kinds than are listed: so many more of this one at most are among the others. */
  readonly more_at_most?: number
  readonly others?: true
  /** Seconds after the start of the run. */
  readonly first_at_seconds: number
  readonly last_at_seconds: number
}

/** A server that took so many messages in a session and deferred all further ones, until a new session. */
export interface SessionCapRow {
  readonly target: string
  /** Messages of a session. */
  readonly messages: number
  /** Sessions in which that was seen. */
  readonly sessions: number
  /** The reply to the message after them. */
  readonly code?: number
  readonly enhanced?: string
  readonly text: string
}

/**
 * One second of the run; `second` 0 begins at the start. Counts are of that second alone. In the file of a run
 * of more than a day a row stands for several seconds, and says so: `seconds` (analysis/long-run.ts).
 */
export interface TimelineRow {
  readonly second: number
  /** Messages due in this second (open model), or started (closed model). */
  readonly due: number
  readonly started: number
  readonly accepted: number
  readonly deferred: number
  readonly rejected: number
  readonly failed: number
  readonly bytes: number
  /** At the end of this second: started but not ended, and due but not started. */
  readonly in_flight: number
  readonly queued: number
  readonly response_time_ms: LatencySummary
  /** Sessions opened in this second. */
  readonly sessions_opened: number
}

export interface ServerRow {
  readonly name: string
  readonly host: string
  readonly port: number
  readonly accepted: number
  readonly deferred: number
  readonly rejected: number
  readonly failed: number
  readonly bytes: number
  readonly response_time_ms: LatencySummary
  /** Set when the server's process ended during the run, as "killed by SIGKILL at 3.2 s". */
  readonly ended?: string
  /** Connections as the server's ledger counted them; absent without a ledger. */
  readonly peak_connections?: number
}

/** What was acknowledged against what the servers say they received. */
export interface LedgerResult {
  /** False when the target keeps no ledger: nothing below could be checked, and counts are null. */
  readonly verified: boolean
  readonly why_not?: string
  readonly acknowledged: number
  readonly received: number | null
  readonly lost: number | null
  readonly duplicated: number | null
  readonly corrupted: number | null
  /** Received although the client never saw the acknowledgement (connection cut at the end). */
  readonly unacknowledged: number | null
  /** The first ids of each kind, to look them up in the servers' logs. */
  readonly lost_ids: readonly string[]
  readonly duplicated_ids: readonly string[]
  readonly corrupted_ids: readonly string[]
}

/** Of a whole run: WARNING met its thresholds, but not every message was accepted. */
export const RUN_VERDICTS = ['PASSED', 'WARNING', 'FAILED'] as const
export type RunVerdict = (typeof RUN_VERDICTS)[number]

/** Of a threshold. */
export const VERDICTS = ['pass', 'fail', 'no-data', 'skipped'] as const
export type Verdict = (typeof VERDICTS)[number]

/** `number` is a figure whose unit is not known. */
export type Unit = 'ms' | 'share' | 'count' | 'per_second' | 'number'

export interface ThresholdResult {
  /** As written: `p(99)<1000`. */
  readonly expression: string
  readonly metric: string
  readonly value: number | null
  readonly limit: number
  readonly verdict: Verdict
  /** Of value and limit, where the metric's name does not tell: custom metrics. */
  readonly unit?: Unit
  /** Why it was skipped or had no data; or what must be known beside its value. */
  readonly reason?: string
}

export interface GeneratorResult {
  readonly threads: number
  /** CPU of the load generator's process, percent of one core, over the run. */
  readonly cpu_percent: number
  /** How late messages left against their due time while a session was free (open model). */
  readonly scheduling_lag_ms: LatencySummary
  readonly event_loop_delay_ms: { readonly p50: number; readonly p99: number; readonly max: number }
  /** True when the generator itself, not the target, may have limited the run. */
  readonly bound: boolean
  readonly bound_reasons: readonly string[]
}

export interface WorkloadResult {
  readonly executor: string
  readonly model: 'open' | 'closed'
  readonly planned: number
  readonly workers: number
  readonly max_sessions: number
  readonly size_bytes: number
  readonly rate_per_second: number | null
  readonly duration_seconds: number | null
  readonly pipelining: string
  readonly messages_per_session: number | 'unlimited'
  readonly recipients: number
  readonly tls: string
  readonly auth: string | null
  readonly sender: string
  readonly recipient: string
}

/** The versioned JSON of one run. Every report can be rebuilt from it. */
export interface Result {
  readonly format: typeof RESULT_FORMAT
  readonly scenario: string
  /** Distinguishes the runs of a scenario that has several: `mixed` / `xlarge`. */
  readonly part: string | null
  readonly run_id: string
  readonly stamp: string
  readonly status: 'complete' | 'partial'
  readonly partial_reason: string | null
  /** See verdictOf. */
  readonly verdict: RunVerdict

  // The seed's names and units (DESIGN.md, decision 11).
  readonly test_type: 'burst' | 'sustained'
  readonly servers: readonly string[]
  readonly port: number
  readonly message_size: number
  readonly concurrent_workers: number
  readonly target_rate: number | null
  readonly metrics: Metrics
  /** What the scenario's hooks recorded, by name; absent when it has no metrics of its own. */
  readonly custom_metrics?: CustomMetricResults

  readonly workload: WorkloadResult
  /** Set when the environment overrode the scenario's own load. */
  readonly overridden?: OverriddenResult
  readonly thresholds: readonly ThresholdResult[]
  readonly failures: readonly FailureRow[]
  /** Why recipients were refused while their messages were taken for others. Absent in older files, as the next two. */
  readonly refused_recipients?: readonly FailureRow[]
  /**
   * How sessions ended badly after their messages had their outcomes: RSET without 250 (phase `reset`), QUIT
   * without 221 (phase `quit`; class `aborted`: its answer was not waited for).
   */
  readonly session_failures?: readonly FailureRow[]
  readonly session_caps?: readonly SessionCapRow[]
  /** What the figures usually mean, in a sentence each. */
  readonly observations: readonly string[]
  readonly per_server: readonly ServerRow[]
  /** Set when servers were given by name. */
  readonly name_lookups?: readonly NameLookup[]
  readonly ledger: LedgerResult
  readonly resource_usage: Readonly<Record<string, ResourceUsage>>
  readonly timeline: readonly TimelineRow[]
  readonly histograms: {
    readonly response_time: SparseHistogram
    readonly service_time: SparseHistogram
  }
  readonly backend: { readonly name: string; readonly why: string }
  readonly generator: GeneratorResult
  readonly machine: {
    readonly cpu: string
    readonly cores: number
    readonly memory_bytes: number
    readonly os: string
  }
  readonly versions: Readonly<Record<string, string>>
  readonly seed: number
  /** Set when several generators shared the load. */
  readonly split?: SplitResult
  /** Set when this is several generators' results put together. */
  readonly merged?: MergedFrom
  /** Set by scenarios of several runs (on the last one's result) and by loads in stages. */
  readonly side_by_side?: SideBySide
  /** Set when the run was long enough for slopes to mean something. */
  readonly drift?: readonly DriftResult[]
  /** Set by a breakpoint search; all else is of the run that confirmed the rate. */
  readonly search?: SearchResult
  /** File name of the archive of the servers' logs, when one was written. */
  readonly logs?: string
}
