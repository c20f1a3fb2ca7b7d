import type { CustomMetricResults } from './custom-metrics.ts'
import type { LatencySummary, SparseHistogram } from './histogram.ts'
import type { Failure, Outcome } from './sample.ts'

/** Format name of the result files; the number rises when a field changes its meaning. */
export const RESULT_FORMAT = 'mailstorm/1'

/**
 * The result of one run: the JSON in `results/`, versioned by `format`. Every report can be rebuilt from it. Names end in
 * their unit: `_ms`, `_seconds`, `_bytes`, `_per_second`, `_percent`; a share is 0 to 1.
 *
 * @example
 * ```sh
 * jq '.metrics.messages_per_second' results/latest.json
 * ```
 */
export interface Result {
  /** Version of this format; the number rises when a field changes its meaning. */
  readonly format: typeof RESULT_FORMAT
  /** Name of the scenario, as `-t` takes it. */
  readonly scenario: string
  /** Name of the run in a scenario of several: `xlarge` of `mixed`. Null in any other. */
  readonly part: string | null
  /** Unique id of the run; the ids of its messages begin with it. */
  readonly run_id: string
  /** Start of the run in UTC as the file names have it: `20261130-071726`. */
  readonly stamp: string
  /** `partial` when the run ended before its plan did. */
  readonly status: 'complete' | 'partial'
  /** Why the run ended early, in a sentence; null when it is complete. */
  readonly partial_reason: string | null
  /** PASSED, WARNING (thresholds met, but not every message accepted) or FAILED. */
  readonly verdict: RunVerdict

  // Named and measured as the older generator's results, which are read by the same tools.
  /** `burst` when a number of messages ends the load, `sustained` when time does. */
  readonly test_type: 'burst' | 'sustained'
  /** Names of the servers: `smtp-server-1`, or `host:port` of `SMTP_TARGETS`. */
  readonly servers: readonly string[]
  /** Port of the first server. */
  readonly port: number
  /** Size of each message including its header, in bytes; of a corpus the mean. */
  readonly message_size: number
  /** Number of concurrent workers. */
  readonly concurrent_workers: number
  /** Messages per second that were to be started; null in the closed model, which has no target. */
  readonly target_rate: number | null
  /** The figures of the whole run. */
  readonly metrics: Metrics
  /** What the scenario's hooks recorded, by name; absent when it has no metrics of its own. */
  readonly custom_metrics?: CustomMetricResults

  /** The load that was run, with every default filled in. */
  readonly workload: WorkloadResult
  /** Set when the environment overrode the scenario's own load. */
  readonly overridden?: OverriddenResult
  /** Each threshold with its value and verdict, in the order of the scenario. */
  readonly thresholds: readonly ThresholdResult[]
  /** Why messages were not accepted, by server and kind; the most frequent first. */
  readonly failures: readonly FailureRow[]
  /** Why recipients were refused when their message was accepted for others. Absent in older files. */
  readonly refused_recipients?: readonly FailureRow[]
  /**
   * Sessions that ended badly after their messages had their outcomes: RSET not answered by 250 (phase
   * `reset`), QUIT not answered by 221 (phase `quit`). Absent in older files.
   */
  readonly session_failures?: readonly FailureRow[]
  /** Limits of messages per session that servers turned out to have. Absent in older files. */
  readonly session_caps?: readonly SessionCapRow[]
  /** Servers that were slow at RCPT; absent for none. */
  readonly slow_recipients?: readonly SlowRecipientsRow[]
  /** Set when sessions were to stay idle beside the load. */
  readonly idle_sessions?: IdleSessionsResult
  /** Set when clients were told to break off: how many messages' clients did, by phase. */
  readonly broken_off?: Readonly<Record<string, number>>
  /** Set when messages that were not taken were attempted again. */
  readonly retries?: RetriesResult
  /** What was found of how its servers handle pipelining; absent where nothing was tried or found. */
  readonly pipelining?: readonly PipeliningRow[]
  /** What the figures usually mean, in a sentence each. */
  readonly observations: readonly string[]
  /** The figures of each server. */
  readonly per_server: readonly ServerRow[]
  /** Set when servers were given by name. */
  readonly name_lookups?: readonly NameLookup[]
  /** Acknowledged messages compared with what the servers received. */
  readonly ledger: LedgerResult
  /** CPU, memory and network of each service that was booted for the run, by its name. */
  readonly resource_usage: Readonly<Record<string, ResourceUsage>>
  /** The run second by second. */
  readonly timeline: readonly TimelineRow[]
  /** All response and service times, so that percentiles of several runs can be merged exactly. */
  readonly histograms: {
    /** From when a message was due to its final reply. */
    readonly response_time: SparseHistogram
    /** From when a message was sent to its final reply. */
    readonly service_time: SparseHistogram
    /** From acknowledgement to arrival behind the server; of runs that were verified there. */
    readonly end_to_end?: SparseHistogram
  }
  /** How long messages took from their acknowledgement to where they end up; of runs that were verified there. */
  readonly delivery?: DeliveryResult
  /** What the next hop behind the servers did on purpose, of a scenario of `relay`: each part of it, or its own. */
  readonly next_hop?: readonly NextHopRow[]
  /** How the servers were run. */
  readonly backend: {
    /** `embedded` (processes), `docker` (containers), `external` (`SMTP_TARGETS`) or `started` (`mailstorm start`). */
    readonly name: string
    /** How started services run. */
    readonly runs?: 'embedded' | 'docker'
    /** Why this backend was chosen. */
    readonly why: string
  }
  /** The load generator: was it the limit of the run? */
  readonly generator: GeneratorResult
  /** The machine of the load generator. */
  readonly machine: {
    /** Model of the CPU. */
    readonly cpu: string
    /** Number of cores. */
    readonly cores: number
    /** Memory in bytes. */
    readonly memory_bytes: number
    /** Operating system, version and architecture. */
    readonly os: string
  }
  /** Versions of mailstorm, Node, Vitest and smtp-server, by name. */
  readonly versions: Readonly<Record<string, string>>
  /** Seed of the generated message bodies (`STRESS_SEED`). */
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
  /** Planned messages, including those not reached, which count in no other figure. */
  readonly total_messages: number
  /** Accepted messages. */
  readonly successful_messages: number
  /** Messages that were due and not accepted, dropped ones included. */
  readonly failed_messages: number
  /** Failed messages whose connection could not be opened or broke. */
  readonly connection_errors: number
  /** Bytes of the accepted messages. */
  readonly total_bytes_sent: number
  /** Attack window and drain together, in seconds. */
  readonly duration_seconds: number
  /** Accepted messages per second over `duration_seconds`; the same as `throughput`. */
  readonly messages_per_second: number
  /** Mean response time in ms; null when no message ended. */
  readonly avg_response_time_ms: number | null
  /** Shortest response time in ms; null when no message ended. */
  readonly min_response_time_ms: number | null
  /** Longest response time in ms; null when no message ended. */
  readonly max_response_time_ms: number | null
  /** Response time of every attempt in ms, under the older generator's name for it. */
  readonly latency_ms: Omit<LatencySummary, 'count'>
  /** Failed messages by class, or by reply code: `{ "421": 12, "timeout": 3 }`. */
  readonly error_breakdown: Readonly<Record<string, number>>
  /** When the first message was due, in ISO 8601. */
  readonly start_time: string
  /** When the last message ended, in ISO 8601. */
  readonly end_time: string

  /** Messages by outcome; they add up to `total_messages`, with `broken_off`. */
  readonly outcomes: Readonly<Record<Outcome, number>>
  /**
   * Messages whose client was told to break off (`STRESS_BREAK_OFF`), in no outcome and in no rate of success; absent
   * for none.
   */
  readonly broken_off?: number
  /** Accepted messages divided by messages due, 0 to 1; 0 when none was due. */
  readonly success_rate: number
  /** Attack window: from the first message due to the last one started, in seconds. */
  readonly window_seconds: number
  /** From the end of the attack window until the last message ended, in seconds. */
  readonly drain_seconds: number
  /** Messages started per second within the attack window. */
  readonly rate: number
  /** Accepted messages per second over window and drain. */
  readonly throughput: number
  /** |rate − target| / target, 0 to 1; null in the closed model. */
  readonly rate_error: number | null
  /** From when a message was due to its final reply, over every attempt. */
  readonly response_time_ms: LatencySummary
  /** From when a message was sent to its final reply, over every attempt. */
  readonly service_time_ms: LatencySummary
  /** Time of each phase by its name, such as `connect`, over the attempts that reached it. */
  readonly phases_ms: Readonly<Record<string, LatencySummary>>
  /** Refused recipients of messages that were accepted for others. */
  readonly recipients_refused: number
  /** SMTP sessions opened during the run. */
  readonly sessions_opened: number
  /**
   * Messages that moved to a new session because the server ended theirs before it answered MAIL. Absent in
   * older files.
   */
  readonly reconnects?: number
  /** Sessions that ended badly at RSET or QUIT. Absent in older files. */
  readonly session_failures?: number
}

/** Messages of the plan whose turn came, and whose client stayed; all of them in a run that came to its end. */
export function dueMessages({
  total_messages: total,
  outcomes,
  broken_off: brokenOff = 0,
}: Pick<Metrics, 'total_messages' | 'outcomes' | 'broken_off'>): number {
  return total - outcomes.not_reached - brokenOff
}

/** How a number is spread over the messages of a run. */
export interface DistributionResult {
  /** In words, as `1 KB to 100 KB`. */
  readonly text: string
  /** Smallest that there can be. */
  readonly least: number
  /** Largest that there can be. */
  readonly most: number
}

/** The load of a run, with every default filled in. */
export interface WorkloadResult {
  /** Name of the executor, such as `constant-arrival-rate`. */
  readonly executor: string
  /** `open`: messages are due by the clock. `closed`: a worker starts its next message after the reply. */
  readonly model: 'open' | 'closed'
  /** Messages of the plan. */
  readonly planned: number
  /** Concurrent workers. */
  readonly workers: number
  /** Most sessions open at the same time. */
  readonly max_sessions: number
  /** Size of each message including its header, in bytes; where sizes differ, their mean. */
  readonly size_bytes: number
  /** How sizes differ from message to message; absent where all have the same. */
  readonly size_distribution?: DistributionResult
  /** The real mail that was sent; absent where the messages were generated. */
  readonly corpus?: CorpusResult
  /** Messages per second that were to be started; null in the closed model. */
  readonly rate_per_second: number | null
  /** Planned length of the load in seconds; null when a number of messages ends it. */
  readonly duration_seconds: number | null
  /** How much is sent before a reply is read (RFC 2920): `off`, `commands` or `transactions`; `chunks` (RFC 3030). */
  readonly pipelining: string
  /** Messages of a session that may be on their way at a time; at level `chunks` alone. */
  readonly pipeline_depth?: number
  /** Messages sent over one connection before it is closed. */
  readonly messages_per_session: number | 'unlimited'
  /** Recipients of each message; where their number differs, its mean. */
  readonly recipients: number
  /** How their number differs from message to message; absent where all have the same. */
  readonly recipients_distribution?: DistributionResult
  /** `none`, `starttls` (RFC 3207) or `implicit` (RFC 8314); several, as `none, implicit`, where targets differ. */
  readonly tls: string
  /** User name of SMTP AUTH (RFC 4954); null without a login. */
  readonly auth: string | null
  /** Accounts that sessions log in with in turn (`STRESS_ACCOUNTS`); absent without them. */
  readonly accounts?: number
  /** Shortest and longest think time before MAIL, each RCPT and DATA, in ms; absent without one. */
  readonly think_time_ms?: readonly [number, number]
  /** Clients that were to break off, in percent of messages by phase; absent for none. */
  readonly break_off_percent?: Readonly<Record<string, number>>
  /** Where sessions came from, and as whom; absent where nothing was said of it. */
  readonly client?: ClientResult
  /** Envelope sender, with its places as `{1..10000}`; empty for the null sender. */
  readonly sender: string
  /** Envelope recipient, likewise; the first of several. */
  readonly recipient: string
}

/** Where sessions came from, and as whom the client presented itself. */
export interface ClientResult {
  /** Name in EHLO and LHLO; absent: its own address. */
  readonly ehlo_name?: string
  /** Number of addresses that sessions came from in turn; absent: the system's choice. */
  readonly local_addresses?: number
  /** Version of the PROXY protocol: `v1` or `v2`. */
  readonly proxy_protocol?: string
  /** Number of addresses that its headers named in turn; absent: the session's own. */
  readonly proxy_sources?: number
  /** What XCLIENT said. */
  readonly xclient?: string
  /** Oldest version of TLS that was taken; absent: TLS 1.2. */
  readonly tls_min_version?: string
  /** Name that the server was asked for; absent: the host of the target. */
  readonly tls_server_name?: string
  /** Whether the client showed a certificate. */
  readonly client_certificate?: boolean
}

/** Real mail that was sent in place of generated text. */
export interface CorpusResult {
  /** Its folders, files or globs as they were given, with their weights. */
  readonly name: string
  /** Number of messages. */
  readonly messages: number
  /** Number of files. */
  readonly files: number
  /** Bytes of all messages as they are sent, without the headers that are put on top. */
  readonly bytes: number
  /** Sizes of its messages in bytes. */
  readonly size_bytes: {
    /** Smallest. */
    readonly min: number
    /** Median. */
    readonly p50: number
    /** 90th percentile. */
    readonly p90: number
    /** 99th percentile. */
    readonly p99: number
    /** Largest. */
    readonly max: number
  }
  /** Equal for corpora with the same messages in the same order. */
  readonly digest: string
}

/** What the load generator itself used, and whether it was the limit of the run. */
export interface GeneratorResult {
  /** Sender threads. */
  readonly threads: number
  /** CPU of the generator's process over the run, in percent of one core. */
  readonly cpu_percent: number
  /** How late messages started although a session was free (open model), in ms. */
  readonly scheduling_lag_ms: LatencySummary
  /** Delay of the busiest thread's event loop, in ms. */
  readonly event_loop_delay_ms: {
    /** Median. */
    readonly p50: number
    /** 99th percentile. */
    readonly p99: number
    /** Largest. */
    readonly max: number
  }
  /** What it reached against a server that keeps nothing, before the load; with STRESS_CALIBRATE=1 alone. */
  readonly headroom?: Headroom
  /** True when the generator or its machine, rather than the target, may have limited the run. */
  readonly bound: boolean
  /** Why, in a sentence each; empty when `bound` is false. */
  readonly bound_reasons: readonly string[]
}

/** How near a generator was to its own limit. */
export interface Headroom {
  /** Messages per second that it reached in a calibration with the same messages, sessions, pipelining and TLS. */
  readonly calibrated_per_second: number
  /** That over the throughput of the run: at 1 it was the limit. Null when no message was accepted. */
  readonly ratio: number | null
}

/** Of a whole run: WARNING met its thresholds, but not every message was accepted. */
export const RUN_VERDICTS = ['PASSED', 'WARNING', 'FAILED'] as const
/** Verdict on a run. WARNING: it met its thresholds, but not every message was accepted. */
export type RunVerdict = (typeof RUN_VERDICTS)[number]

/** Of a threshold. */
export const VERDICTS = ['pass', 'fail', 'no-data', 'skipped'] as const
/** Verdict on a threshold. `no-data` counts as a failure; `skipped` has a reason. */
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
/**
 * Unit of a figure. `share` is 0 to 1, `percent` is of one core, `factor` is a multiple, `number` has no
 * unit.
 */
export type Unit = (typeof UNITS)[number]

/** One threshold: its value beside its limit. */
export interface ThresholdResult {
  /** The threshold as written: `p(99)<1000`. */
  readonly expression: string
  /** The part before the comparison: `p(99)`. */
  readonly metric: string
  /** Measured value in `unit`; null when there was no data. */
  readonly value: number | null
  /** The number it was compared with, in `unit`. */
  readonly limit: number
  /** Whether it held. */
  readonly verdict: Verdict
  /** Unit of value and limit. Absent in older files. */
  readonly unit?: Unit
  /** Why it was skipped or had no data, or a caution about its value. */
  readonly reason?: string
}

/**
 * One kind of failure at one server: the same outcome, class, phase and codes, and texts that differ only
 * in numbers, ids, addresses and quoted parts. At most 200 kinds are listed; a row with `others` counts the
 * rest of its name, so the rows always add up to all failures.
 */
export interface FailureRow extends Failure {
  /** Name of the server. */
  readonly target: string
  /** How these messages ended. */
  readonly outcome: Outcome
  /** What the texts have in common, such as `550 <…> is unknown`; absent where all equal `text`. */
  readonly pattern?: string
  /** How many there were. */
  readonly count: number
  /** How many more of this kind may be counted among the `others`, at most. Absent when there are none. */
  readonly more_at_most?: number
  /** Set on the row that counts the kinds that are not listed. */
  readonly others?: true
  /** The first one, in seconds after the start of the run. */
  readonly first_at_seconds: number
  /** The last one, in seconds after the start of the run. */
  readonly last_at_seconds: number
}

/**
 * A server that accepted a number of messages per session and deferred all further ones until a new
 * session.
 */
export interface SessionCapRow {
  /** Name of the server. */
  readonly target: string
  /** Messages it accepted per session. */
  readonly messages: number
  /** Sessions in which this was observed. */
  readonly sessions: number
  /** Reply code to the message beyond the limit. */
  readonly code?: number
  /** Enhanced status code of that reply (RFC 3463). */
  readonly enhanced?: string
  /** Text of that reply, in one line. */
  readonly text: string
}

/**
 * Further attempts at messages, as a mail queue makes them. All other figures are of messages by their final outcomes;
 * service time and phases are of each attempt.
 */
export interface RetriesResult {
  /** Seconds before attempt 2, 3, …; as many as a message could have. */
  readonly delays_seconds: readonly number[]
  /** Attempts beyond the first of each message. */
  readonly attempts: number
  /** How the first attempts ended. */
  readonly first_attempt: FirstAttempts
  /** Messages accepted by attempt 2, 3, … */
  readonly accepted_by: readonly number[]
  /** Messages that had attempts left when the drain or the run was over; they ended as their last attempt did. */
  readonly cut_off: number
  /** Why messages were attempted again, by server and kind; the most frequent first. */
  readonly failures: readonly FailureRow[]
}

/** Sessions that were opened beside the load and left alone; in no other figure. */
export interface IdleSessionsResult {
  /** Sessions that were to be opened. */
  readonly asked: number
  /** Sessions that were ready for MAIL. */
  readonly opened: number
  /** Sessions that the server ended while nothing was said. */
  readonly ended: number
  /** Opened in place of those that the server had ended, or was about to. Absent in older files. */
  readonly renewed?: number
  /** The shortest time after which each server ended one: its idle limit. Absent in older files. */
  readonly limits?: readonly IdleLimitRow[]
  /** How long these had been open. */
  readonly ended_after_ms: LatencySummary
  /** Why sessions could not be opened, and how servers ended them (phase `idle`). */
  readonly failures: readonly FailureRow[]
}

/** After how long a server ends a session in which nothing is said. */
export interface IdleLimitRow {
  /** Name of the server. */
  readonly target: string
  readonly after_seconds: number
  /** What it said then, or how the connection ended. */
  readonly text: string
}

/** First attempts by outcome. */
export interface FirstAttempts {
  /** 2xx. */
  readonly accepted: number
  /** 4xx. */
  readonly deferred: number
  /** 5xx. */
  readonly rejected: number
  /** No reply. */
  readonly failed: number
  /** Accepted ones divided by all, 0 to 1; 0 when there were none. */
  readonly success_rate: number
}

/** A server that let recipients wait: it answered RCPT after 2 s or later, or not within the time limit. */
export interface SlowRecipientsRow {
  /** Name of the server. */
  readonly target: string
  /** Recipients that were answered so late. */
  readonly answered: number
  /** Those of them that were refused then. */
  readonly refused: number
  /** Recipients that were waited for until the time limit ended their message. */
  readonly unanswered: number
  /** The longest wait. */
  readonly longest_ms: number
}

/** At which pipelining level a server was sent to, as found before the load or in it. */
export interface PipeliningRow {
  /** Name of the server. */
  readonly target: string
  readonly asked: string
  readonly used: string
  /** Why `used` is not what was asked for. */
  readonly why?: string
  /** Messages that the trial sent and the server took: marked, and in no other figure of the result. */
  readonly trial_messages: number
  /**
   * Present where the load found it: messages whose envelopes the server refused because they came with the end of
   * another message. They were sent again, and count once, by how they ended then.
   */
  readonly sent_again?: number
}

/**
 * One second of the run; `second` 0 begins at its start. Counts are of that second alone. In the file of a
 * run of more than a day a row covers several seconds and says how many (`seconds`).
 */
export interface TimelineRow {
  /** Seconds after the start of the run. */
  readonly second: number
  /** Messages due in this second (open model), or started (closed model). */
  readonly due: number
  /** Messages started in this second. */
  readonly started: number
  /** Messages accepted in this second. */
  readonly accepted: number
  /** Messages deferred (4xx) in this second. */
  readonly deferred: number
  /** Messages rejected (5xx) in this second. */
  readonly rejected: number
  /** Messages that failed without a reply in this second. */
  readonly failed: number
  /** Bytes of the messages accepted in this second. */
  readonly bytes: number
  /** Started and not ended, at the end of this second. */
  readonly in_flight: number
  /** Due and not started, at the end of this second. */
  readonly queued: number
  /** Response time of the messages that ended in this second. */
  readonly response_time_ms: LatencySummary
  /** Sessions opened in this second. */
  readonly sessions_opened: number
  /** Messages whose client broke off in this second; absent for none. */
  readonly broken_off?: number
}

/** The figures of one server. */
export interface ServerRow {
  /** Name of the server: `smtp-server-1`, or `host:port`. */
  readonly name: string
  /** Host or address that was connected to. */
  readonly host: string
  /** Port that was connected to. */
  readonly port: number
  /** Messages that it accepted. */
  readonly accepted: number
  /** Messages that it deferred (4xx). */
  readonly deferred: number
  /** Messages that it rejected (5xx). */
  readonly rejected: number
  /** Messages that got no reply from it. */
  readonly failed: number
  /** Bytes of the messages that it accepted. */
  readonly bytes: number
  /** Response time of every attempt at this server. */
  readonly response_time_ms: LatencySummary
  /** Set when the server's process ended during the run: `killed by SIGKILL at 3.2 s`. */
  readonly ended?: string
  /** Most connections at once, as the server's ledger counted them; absent without a ledger. */
  readonly peak_connections?: number
}

/** What was acknowledged, compared with what the servers say they received. */
export interface LedgerResult {
  /** False when nothing could be compared; the counts below are then null. */
  readonly verified: boolean
  /** Why nothing could be compared. */
  readonly why_not?: string
  /** Messages that a server acknowledged with 250. */
  readonly acknowledged: number
  /** Messages of this run in the servers' ledgers. */
  readonly received: number | null
  /** Acknowledged, and in no ledger. */
  readonly lost: number | null
  /** In the ledgers more than once. */
  readonly duplicated: number | null
  /** In a ledger with another body than the one that was sent. */
  readonly corrupted: number | null
  /** In a ledger, although the client saw no 250: the connection broke before it (RFC 5321 4.2.5). */
  readonly unacknowledged: number | null
  /** The first ids that were lost, to look up in the servers' logs. */
  readonly lost_ids: readonly string[]
  /** The first ids that were duplicated. */
  readonly duplicated_ids: readonly string[]
  /** The first ids that were corrupted. */
  readonly corrupted_ids: readonly string[]
  /** The account of a run that was verified behind its servers; absent otherwise. */
  readonly account?: AccountResult
}

/**
 * What was found behind the servers (STRESS_VERIFY), by messages times recipients. `lost` and `duplicated` of the ledger
 * then count these too; `lost` is null where some may still arrive, or the store does not keep everything.
 */
export interface AccountResult {
  /** Where the mail was looked for: `the sink at 127.0.0.1:2525`. */
  readonly store: string
  /** Acknowledged, without refused recipients. */
  readonly expected: number
  /** Of those, what arrived at least once. */
  readonly arrived: number
  /** Of those, what was reported as not delivered (RFC 3464). */
  readonly bounced: number
  /** Copies for somebody else than the recipients. */
  readonly misrouted: number
  /** Copies whose body has another transfer encoding (RFC 6152), which is no damage. */
  readonly reencoded: number
  /** Copies whose body could not be judged. */
  readonly unjudged: number
  /** Not arrived when the wait was interrupted. */
  readonly in_transit: number
  /** Not found in a store that does not keep everything: neither arrived nor lost, as far as is known. */
  readonly not_verifiable: number
  /** Why it does not: `it keeps 500 messages`. */
  readonly cannot_verify?: string
  /** Seconds from the end of the load until everything had arrived, or the wait ended. */
  readonly waited_seconds: number
  /** The kinds of bounces, the most frequent first. */
  readonly bounces: readonly BounceRow[]
  /** The first ids for somebody else. */
  readonly misrouted_ids: readonly string[]
  /** The first ids that bounced. */
  readonly bounced_ids: readonly string[]
  /** How the first corrupted message differs from what was sent, in lines with `-` and `+`. */
  readonly first_damage?: string
}

/** Reports of failed deliveries (RFC 3464) that say the same. */
export interface BounceRow {
  /** Status code (RFC 3463), such as 5.1.1; null when the reports have none. */
  readonly status: string | null
  /** What the server said, in the first of them. */
  readonly text: string
  /** The recipient in the first of them. */
  readonly recipient: string
  /** How many there were. */
  readonly count: number
}

/** From acknowledgement to arrival behind the servers. */
export interface DeliveryResult {
  /** How exact the store's times are, in ms. */
  readonly time_resolution_ms: number
  /** From acknowledgement to arrival; 0 for what arrived before it was acknowledged. */
  readonly end_to_end_ms: LatencySummary
  /** The same for each server that acknowledged. */
  readonly per_server: readonly { readonly name: string; readonly end_to_end_ms: LatencySummary }[]
  /** From the last acknowledgement to the last arrival, in seconds. */
  readonly drain_seconds: number
  /** Arrivals per second, from the start of the run to the last one. */
  readonly delivered_per_second: number
  /** Most that were acknowledged and had not arrived, at the end of a second. */
  readonly most_in_between: number
  /** Second by second. */
  readonly timeline: readonly DeliveryRow[]
}

/** One row of the timeline of deliveries. Counts are of messages times recipients. */
export interface DeliveryRow {
  /** Seconds after the start of the run. */
  readonly second: number
  /** How many seconds the row covers; absent where it is one. */
  readonly seconds?: number
  /** Acknowledged by the servers. */
  readonly acknowledged: number
  /** Arrived behind them. */
  readonly arrived: number
  /** Acknowledged and not arrived, at the end of the row. */
  readonly in_between: number
  /** From acknowledgement to arrival, of what arrived in it. */
  readonly end_to_end_ms: LatencySummary
}

/** One part of a relay scenario: what the next hop did in it, and what of all mail reached it meanwhile. */
export interface NextHopRow {
  /** Name of the part. */
  readonly part: string
  /** What it did: `takes each message`, `is away`. */
  readonly next_hop: string
  /** Start of the part, in seconds after the first. */
  readonly from_seconds: number
  /** How long it lasted. */
  readonly seconds: number
  /** Since when the next hop did so, in seconds after the first start; null when it was never told to. */
  readonly since_seconds: number | null
  /** Arrivals per second meanwhile, of all mail, whenever it was acknowledged; null without arrivals. */
  readonly delivered_per_second: number | null
  /** Most of all mail that was acknowledged and had not arrived, at the end of a second; null without arrivals. */
  readonly deepest_queue: number | null
  /**
   * Of a part in which it takes mail again: from then to the last arrival of what earlier parts had left in the queue, in
   * seconds; null of all others.
   */
  readonly drain_seconds: number | null
}

/** Lowest, mean and highest of a series. */
export interface MinAvgMax {
  /** Lowest value. */
  readonly min: number
  /** Mean. */
  readonly avg: number
  /** Highest value. */
  readonly max: number
}

/** One reading of a service's resources. */
export interface ResourceSample {
  /** Seconds after the start of the run. */
  readonly second: number
  /** CPU in percent of one core. */
  readonly cpu_percent: number
  /** Memory in bytes. */
  readonly memory_bytes: number
  /** Bytes received over the network in this second; absent for embedded services. */
  readonly received_bytes?: number
  /** Bytes sent over the network in this second; absent for embedded services. */
  readonly sent_bytes?: number
}

/** Resources that one service used during the run. */
export interface ResourceUsage {
  /** CPU in percent of one core (200: two cores busy). */
  readonly cpu_percent: MinAvgMax
  /** Memory in bytes. */
  readonly memory_bytes: MinAvgMax
  /** Bytes over the service's network during the run; absent for embedded services. */
  readonly network?: {
    /** Bytes received. */
    readonly received_bytes: number
    /** Bytes sent. */
    readonly sent_bytes: number
  }
  /** The readings, about one a second. */
  readonly samples: readonly ResourceSample[]
}

// What only some results have: shares of a load, runs beside each other, drift, the search for a limit.

/** A host name among the targets, and the addresses it was resolved to once, before the run. */
export interface NameLookup {
  /** The name. */
  readonly host: string
  /** All its addresses, in the order in which connections try them. */
  readonly addresses: readonly string[]
  /** How long the lookup took in ms; it is part of no other figure. */
  readonly lookup_ms: number
}

/** What the environment changed about a scenario's own load. */
export interface OverriddenResult {
  /** Each variable that changed something. */
  readonly load: readonly OverrideResult[]
  /** `own`: the scenario's thresholds, made for its own load. `given`: those of `STRESS_THRESHOLDS`. */
  readonly thresholds: 'own' | 'given'
}

/** One variable that overrode the load. */
export interface OverrideResult {
  /** Name of the variable: `STRESS_MESSAGES`. */
  readonly variable: string
  /** The scenario's own value; null where it has none. */
  readonly own: string | number | null
  /** The value that was used; null for no limit. */
  readonly value: string | number | null
}

/** One generator's part of a load that several share. `mailstorm merge` combines the parts. */
export interface SplitResult {
  /** Number of generators. */
  readonly generators: number
  /** Number of this generator, from 0. */
  readonly index: number
  /** Id that all generators of the run share; each one's `run_id` is this and `g<index>`. */
  readonly shared_run_id: string
  /** When all were to start, in ISO 8601 by each machine's own clock; null when nothing was agreed. */
  readonly agreed_start: string | null
  /** When this one started, in ISO 8601 to the millisecond. */
  readonly started_at: string
  /** How long after the agreed start, in ms; null when nothing was agreed. */
  readonly start_late_ms: number | null
}

/** What `mailstorm merge` combined. */
export interface MergedFrom {
  /** Generators that the run had; some may be missing from `parts`. */
  readonly generators: number
  /** Time between the first and the last start, in ms, by the clocks of their machines. */
  readonly start_skew_ms: number
  /** The results that were combined. */
  readonly parts: readonly MergedPart[]
}

/** One of the combined results. */
export interface MergedPart extends Pick<SplitResult, 'index' | 'started_at' | 'start_late_ms'> {
  /** Its own run id. */
  readonly run_id: string
  /** How long after the first generator it started, in ms. */
  readonly after_first_ms: number
  /** Its planned messages. */
  readonly total_messages: number
  /** Its accepted messages per second. */
  readonly messages_per_second: number
}

/** Several runs of a scenario, or the stages of one run, as a table with one row each. */
export interface SideBySide {
  /** What differs from row to row, such as `servers`: the title of the first column. */
  readonly by: string
  /** The other columns: name and unit. */
  readonly columns: readonly { readonly name: string; readonly unit: Unit }[]
  /** Values in the order of the columns; null where there was nothing to measure. */
  readonly rows: readonly { readonly label: string; readonly values: readonly (number | null)[] }[]
  /** How to read the table, in a sentence. */
  readonly note: string
}

/** Slope of a figure over the run (Theil–Sen), with its 95 % confidence interval. */
export interface DriftResult {
  /** The figure: `response time p99`, or `memory of smtp-server-2`. */
  readonly of: string
  /** Unit of the figure; slopes are in it per hour. */
  readonly unit: 'ms' | 'bytes'
  /** The slope. */
  readonly per_hour: number
  /** Lower end of the interval. */
  readonly low_per_hour: number
  /** Upper end of the interval. */
  readonly high_per_hour: number
  /** Intervals of the run that were used, after the warm-up. */
  readonly points: number
  /** Second of the run at which the warm-up ended. Absent in older files. */
  readonly from_second?: number
}

/** One rate that a breakpoint search tried. */
export interface SearchStep {
  /** Messages per second. */
  readonly rate_per_second: number
  /** Whether every threshold held. */
  readonly held: boolean
  /** The thresholds that were missed; empty when it held. */
  readonly missed: readonly string[]
  /** p99 of the response time in ms; null when no message ended. */
  readonly p99_ms: number | null
  /** Accepted messages divided by messages due, 0 to 1. */
  readonly success_rate: number
  /** Accepted messages per second. */
  readonly throughput: number
  /** Whether the generator may have been the limit. */
  readonly generator_bound: boolean
}

/** The highest rate that held in a breakpoint search. */
export interface SearchResult {
  /** Highest rate that held when it was confirmed; null when even the lowest did not. */
  readonly rate_per_second: number | null
  /** Lowest rate that broke; null when none did up to the highest allowed. */
  readonly broke_at_per_second: number | null
  /** The thresholds that had to hold. */
  readonly holds: readonly string[]
  /** How long each rate was held, in seconds. */
  readonly seconds: number
  /** `low` when the generator may have been the limit, or runs of the same rate disagreed. */
  readonly confidence: 'high' | 'low'
  /** Why the search ended, and how certain its answer is, in a sentence. */
  readonly why: string
  /** Every rate that was tried, in order. */
  readonly steps: readonly SearchStep[]
}
