import type { CustomMetricResults } from './custom-metrics.ts'
import type { LatencySummary, SparseHistogram } from './histogram.ts'
import type { Failure, Outcome } from './sample.ts'

/** Format name of the result files; the number rises when a field changes its meaning. */
export const RESULT_FORMAT = 'mailstorm/1'

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

  // Named and measured as the older generator's results, which are read by the same tools.
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

/** The figures of a whole run. */
export interface Metrics {
  /** Of the plan; those that were not reached count in no figure below but their own. */
  readonly total_messages: number
  readonly successful_messages: number
  /** Everything that was due and not accepted, dropped messages among them. */
  readonly failed_messages: number
  readonly connection_errors: number
  readonly total_bytes_sent: number
  /** Attack window and drain together. */
  readonly duration_seconds: number
  /** Accepted messages over the whole duration; same as `throughput`. */
  readonly messages_per_second: number
  readonly avg_response_time_ms: number | null
  readonly min_response_time_ms: number | null
  readonly max_response_time_ms: number | null
  /** Response time (from due to final reply) of every attempt; named as the older generator named it. */
  readonly latency_ms: Omit<LatencySummary, 'count'>
  readonly error_breakdown: Readonly<Record<string, number>>
  readonly start_time: string
  readonly end_time: string

  readonly outcomes: Readonly<Record<Outcome, number>>
  /** Accepted of those that were due; 0 when none was. */
  readonly success_rate: number
  readonly window_seconds: number
  readonly drain_seconds: number
  /** Messages started per second within the window. */
  readonly rate: number
  /** Accepted messages per second over window and drain. */
  readonly throughput: number
  /** |rate − target| / target; null in the closed model. */
  readonly rate_error: number | null
  readonly response_time_ms: LatencySummary
  readonly service_time_ms: LatencySummary
  readonly phases_ms: Readonly<Record<string, LatencySummary>>
  /** Of messages that were taken for others; see `refused_recipients` of the result. */
  readonly recipients_refused: number
  readonly sessions_opened: number
  /**
   * Messages that went to a new session because the server had ended the one that they were for, before it
   * answered their MAIL. Absent in files of older versions, as `session_failures`.
   */
  readonly reconnects?: number
  /** Sessions that ended badly at RSET or QUIT; see `session_failures` of the result. */
  readonly session_failures?: number
}

/** Messages of the plan whose turn came; all of them in a run that came to its end. */
export function dueMessages({
  total_messages: total,
  outcomes,
}: Pick<Metrics, 'total_messages' | 'outcomes'>): number {
  return total - outcomes.not_reached
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

/** Of a whole run: WARNING met its thresholds, but not every message was accepted. */
export const RUN_VERDICTS = ['PASSED', 'WARNING', 'FAILED'] as const
export type RunVerdict = (typeof RUN_VERDICTS)[number]

/** Of a threshold. */
export const VERDICTS = ['pass', 'fail', 'no-data', 'skipped'] as const
export type Verdict = (typeof VERDICTS)[number]

/**
 * Units of figures, everywhere. `share` is 0 to 1, `percent` is of one core, `factor` is how many times something
 * else, `number` is a figure whose unit is not known.
 */
export const UNITS = [
  'ms',
  'seconds',
  'share',
  'count',
  'per_second',
  'bytes',
  'megabytes',
  'percent',
  'factor',
  'ms_per_hour',
  'megabytes_per_hour',
  'number',
] as const
export type Unit = (typeof UNITS)[number]

/** What became of one threshold: its value beside its limit. */
export interface ThresholdResult {
  /** As written: `p(99)<1000`. */
  readonly expression: string
  readonly metric: string
  readonly value: number | null
  readonly limit: number
  readonly verdict: Verdict
  /** Of value and limit. Absent in files of older versions: `unitOfThreshold` looks it up. */
  readonly unit?: Unit
  /** Why it was skipped or had no data; or what must be known beside its value. */
  readonly reason?: string
}

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
 * of more than a day a row stands for several seconds, and says so: `seconds` (results/result-json.ts).
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

export interface MinAvgMax {
  readonly min: number
  readonly avg: number
  readonly max: number
}

export interface ResourceSample {
  readonly second: number
  readonly cpu_percent: number
  readonly memory_bytes: number
  /** Over the service's network in this second; absent where that cannot be told (embedded services). */
  readonly received_bytes?: number
  readonly sent_bytes?: number
}

export interface ResourceUsage {
  /** CPU in percent of one core (200 = two cores busy). */
  readonly cpu_percent: MinAvgMax
  readonly memory_bytes: MinAvgMax
  /** Over the service's network, all samples together. */
  readonly network?: { readonly received_bytes: number; readonly sent_bytes: number }
  readonly samples: readonly ResourceSample[]
}

// What only some results have: shares of a load, runs beside each other, drift, the search for a limit.

/** A name among the targets, which stood for these addresses from before the first message to the last. */
export interface NameLookup {
  readonly host: string
  /** All that were answered, each checked; in the order in which connections try them. */
  readonly addresses: readonly string[]
  /** How long the name server took; in no other figure. */
  readonly lookup_ms: number
}

/** What the environment put in the place of a scenario's own load. */
interface OverriddenResult {
  readonly load: readonly OverrideResult[]
  /** Whose thresholds judged the run: the scenario's own, which were made for its own load, or given ones. */
  readonly thresholds: 'own' | 'given'
}

export interface OverrideResult {
  /** As STRESS_MESSAGES. */
  readonly variable: string
  /** What the scenario says; null where it says nothing. */
  readonly own: string | number | null
  readonly value: string | number | null
}

/** One generator's part of a load that several offer together; `mailstorm merge` puts them together. */
export interface SplitResult {
  readonly generators: number
  /** 0-based. */
  readonly index: number
  /** The same for all generators of the run; each one's `run_id` is this and `g<index>`. */
  readonly shared_run_id: string
  /** When all were to start; null when nothing was agreed. By each machine's own wall clock. */
  readonly agreed_start: string | null
  /** When this one did, to the millisecond. */
  readonly started_at: string
  /** How long after the agreed start; null when nothing was agreed. */
  readonly start_late_ms: number | null
}

/** What `mailstorm merge` put together. */
export interface MergedFrom {
  /** That the run had; some of them may be missing here. */
  readonly generators: number
  /** Between the first start and the last one, by the wall clocks of their machines. */
  readonly start_skew_ms: number
  readonly parts: readonly MergedPart[]
}

export interface MergedPart extends Pick<SplitResult, 'index' | 'started_at' | 'start_late_ms'> {
  readonly run_id: string
  readonly after_first_ms: number
  readonly total_messages: number
  readonly messages_per_second: number
}

/** Runs of one scenario, or parts of one run, beside each other: one row each. */
export interface SideBySide {
  /** What differs from row to row, as `servers`; the title of the first column. */
  readonly by: string
  readonly columns: readonly { readonly name: string; readonly unit: Unit }[]
  /** Values in the order of the columns; null where there was nothing to measure. */
  readonly rows: readonly { readonly label: string; readonly values: readonly (number | null)[] }[]
  /** How to read it, in a sentence. */
  readonly note: string
}

/** A robust slope over the run (Theil-Sen), with the bounds that hold it in 95 of 100 cases. */
export interface DriftResult {
  /** `response time p99`, or `memory of smtp-server-2`. */
  readonly of: string
  readonly unit: 'ms' | 'bytes'
  readonly per_hour: number
  readonly low_per_hour: number
  readonly high_per_hour: number
  /** Intervals of the run it was fitted to, after the warm-up. */
  readonly points: number
}

/** One rate that a breakpoint search has tried. */
export interface SearchStep {
  readonly rate_per_second: number
  readonly held: boolean
  /** The thresholds that were missed; empty when it held. */
  readonly missed: readonly string[]
  readonly p99_ms: number | null
  readonly success_rate: number
  readonly throughput: number
  readonly generator_bound: boolean
}

/** The highest rate that holds, as a search found it. */
export interface SearchResult {
  /** Highest rate that held when it was confirmed; null when even the first did not. */
  readonly rate_per_second: number | null
  /** Lowest rate that broke; null when none did up to the highest allowed. */
  readonly broke_at_per_second: number | null
  /** What must hold, and for how many seconds. */
  readonly holds: readonly string[]
  readonly seconds: number
  readonly confidence: 'high' | 'low'
  /** Why it ended, and how sure it is, in a sentence. */
  readonly why: string
  readonly steps: readonly SearchStep[]
}
