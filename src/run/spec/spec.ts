import type { MetricKinds } from '../../engine/custom-metrics.ts'
import type { SearchPlan } from '../../engine/executors/breakpoint.ts'
import {
  createPacer,
  executorOf,
  type LoadSpec,
  plannedSeconds,
  type Schedule,
  scheduleOf,
} from '../../engine/executors/registry.ts'
import type { Load } from '../../engine/threads/plan.ts'
import type { SenderPool } from '../../engine/threads/pool.ts'
import { MailstormError } from '../../error.ts'
import { checkMetricKinds } from '../../figures/custom.ts'
import { SMTP_FIGURES } from '../../figures/smtp.ts'
import { parseThreshold, type Threshold, withEveryRuns } from '../../figures/threshold.ts'
import { corpusName } from '../../mail/corpus/places.ts'
import { mostRecipients } from '../../mail/envelopes/envelopes.ts'
import { sizesText } from '../../mail/words.ts'
import type { SizeName } from '../../options/kind.ts'
import { DEFAULT_RETRY_DELAY_SECONDS } from '../../options/load.ts'
import type { SizeDistribution } from '../../options/mail.ts'
import type { BreakOffPhase, ClientBehaviour } from '../../smtp/clients/behaviour.ts'
import {
  type Credentials,
  DEFAULT_PIPELINE_DEPTH,
  PHASES,
  type PipeliningLevel,
  type TlsMode,
} from '../../smtp/target.ts'
import { checkBaseline } from '../baseline.ts'
import { readAccounts } from '../smtp/logins.ts'
import { type ClientIdentity, type ClientSpec, clientOf } from './client-identity.ts'
import { resolveMail } from './mail-spec.ts'
import { checkSpec } from './spec-check.ts'

/**
 * What every scenario has beside the load of its executor. A value outside its range, a field of another executor
 * or a misspelt one is a {@link MailstormError} `BAD_SCENARIO` while the file is collected, with all of them in
 * one message; nothing is booted or sent then. The environment overrides the load: `STRESS_WORKERS`,
 * `STRESS_SIZE`, …
 *
 * @example What a burst and a steady load have in common.
 * ```ts
 * const common = {
 *   workers: 20,
 *   size: 'medium',
 *   tls: 'starttls',
 *   replyTimeoutSeconds: 10,
 *   thresholds: ['success_rate>=0.999', 'p(99)<500'],
 * } as const
 * ```
 */
export interface SpecBase extends CustomMetricsSpec, ClientSpec {
  /** Concurrent senders, from 1 to 1,000. Each is a row of the test explorer. */
  readonly workers: number
  /**
   * Size of each message including its header, in bytes or by name: `small` 1 KB, `medium` 10 KB, `large` 100
   * KB, `xlarge` 1 MB (1 KB = 1,024 bytes). At least 512 bytes, which its own header needs, and at most 1 GB. As
   * text, a distribution: `'1KB..100KB'`, each size in between as likely; `'lognormal(12KB,1.5)'`, a median and the
   * standard deviation of the logarithm, cut at four of it; `'small:40,medium:30,50MB:5'`, sizes and their weights.
   *
   * @defaultValue `'medium'`; the messages of a corpus have their own
   */
  readonly size?: SizeName | number | SizeDistribution
  /**
   * Real mail to send in place of generated text: folders, files or globs of .eml files, mboxes (mboxrd) and
   * Maildirs, separated by commas, relative to the working directory. `:weight` behind each says how often it is
   * drawn from; without weights all messages are sent in turn, in an order that follows from the seed. Every message
   * is looked at before the load: `BAD_CORPUS` tells, with file and line, what cannot be sent, and
   * `CORPUS_REFUSED` what a server does not take.
   *
   * @example
   * ```ts
   * 'mails/newsletters:70,mails/attachments:30'
   * ```
   */
  readonly corpus?: string
  /**
   * What must hold, in k6's syntax: a metric, one of `<`, `<=`, `>`, `>=`, `==`, `!=`, and a number. Times are
   * milliseconds, rates messages per second, shares 0 to 1. `lost==0`, `duplicated==0` and `corrupted==0` are
   * added when the servers keep a ledger, and `success_rate>0.95`, each unless a threshold names that metric.
   * An expression that cannot be read, or that can never pass or never fail, is a {@link MailstormError}
   * `BAD_THRESHOLD`; one whose figure has no data is missed.
   *
   * @example
   * ```ts
   * ['success_rate>=0.999', 'p(99)<500', 'connect.p(95)<50', 'dropped==0']
   * ```
   */
  readonly thresholds: readonly string[]
  /**
   * How much is sent before the reply is read: nothing (`off`), one envelope (`commands`), the end of a message
   * with the next envelope (`transactions`; PIPELINING, RFC 2920), or whole messages (`chunks`; CHUNKING, RFC
   * 3030). A server that does not offer it is sent to at the highest level that it does.
   *
   * @defaultValue `'commands'`
   */
  readonly pipelining?: PipeliningLevel
  /**
   * At pipelining level `chunks`: how many messages of a session may be on their way at a time, 1 to 1,000.
   *
   * @defaultValue `8`
   */
  readonly pipelineDepth?: number
  /**
   * Messages sent over one connection before it is closed, from 1 to 1,000,000 or `'unlimited'`.
   *
   * @defaultValue `1` in the open model, `'unlimited'` in the closed
   */
  readonly messagesPerSession?: number | 'unlimited'
  /**
   * Most sessions open at the same time, at least one to a worker. Messages that are due beyond that wait, and
   * their response time counts the wait. In the closed model each worker has one session, whatever this says.
   *
   * @defaultValue 10 to a worker in the open model, 1 in the closed
   */
  readonly maxSessions?: number
  /**
   * Encryption: none, STARTTLS (RFC 3207), or TLS from the first octet (RFC 8314).
   *
   * @defaultValue what the URL of the target says, else `'none'`
   */
  readonly tls?: TlsMode
  /**
   * Credentials for AUTH (RFC 4954) in each session; without them the client does not log in.
   *
   * @example
   * ```ts
   * { user: 'mailstorm', pass: process.env.SMTP_PASSWORD ?? '', mechanism: 'CRAM-MD5' }
   * ```
   */
  readonly auth?: Credentials
  /**
   * CSV file of accounts for AUTH, in place of `auth`, with the columns `user` and `pass`, and perhaps `mechanism` and
   * `sender` (the envelope sender of that account's messages). Each session logs in with the next one, in turn.
   */
  readonly accounts?: string
  /**
   * Further attempts at a message that was deferred (4xx), or found no server, from 0 to 20: as a mail queue makes them
   * (RFC 5321 4.5.4.1). The result tells first attempts from final outcomes (`retries`); response times run from when a
   * message was due to its final outcome. What cannot be attempted again before the drain is over ends by its last
   * attempt.
   *
   * @defaultValue `0`
   */
  readonly retries?: number
  /**
   * Seconds before a further attempt, from 0.01 to 86,400; a list: before the second attempt, the third, …, and its last
   * one before all later ones.
   *
   * @defaultValue `5`
   */
  readonly retryDelaySeconds?: number | readonly number[]
  /**
   * Sessions beside the load that say EHLO, log in where it does, and then nothing until it ends, from 1 to 50,000. They
   * are in no figure but `idle_sessions`, which tells when a server ended some; from then on they are renewed before that.
   */
  readonly idleSessions?: number
  /**
   * How long a client thinks before MAIL, each RCPT and DATA, in seconds: one time, or the shortest and the longest, drawn
   * anew each time by the seed. Commands are then sent one by one, whatever `pipelining` says. Response and service times
   * have it in them, phases do not.
   */
  readonly thinkTimeSeconds?: number | readonly [number, number]
  /**
   * Percent of messages whose client breaks off in a phase, half of them by RST, half by FIN: `{ data: 5, transfer: 2 }`.
   * They are no failure of the server and in no rate of success (`broken_off` in the result). A session ends with them.
   * The phases before `envelope` befall messages that a session is opened for.
   */
  readonly breakOff?: Readonly<Partial<Record<BreakOffPhase, number>>>
  /**
   * Recipients per message, from 1 to 1,000, or as text a distribution as that of `size`: `'1..10'`,
   * `'1:80,10:15,100:5'`. No two of a message are equal: of one address they are numbered, recipient+1@…,
   * recipient+2@…; without the plus where `verify` reads Mailpit or inbucket.
   *
   * @defaultValue `1`
   */
  readonly recipients?: number | string
  /**
   * Envelope sender (RFC 5321 4.1.1.2), as `name@domain`, or `<>`, the null sender of bounces. Its domain must be a
   * reserved one (RFC 2606), such as `example.com` or `test.local`, or the literal of a private address, unless
   * `ALLOW_PUBLIC_TARGETS=1`. It may have places that differ from message to message: `{1..10000}`, a number;
   * `{seq}`, that of the message; `{uuid}`; `{pick:users.csv:email}`, a row's value of that column. All follow from
   * the seed.
   *
   * @defaultValue `'sender@mailstorm.test'`
   */
  readonly sender?: string
  /**
   * Envelope recipient (RFC 5321 4.1.1.3), as `name@domain`, with places as in the sender; its domain must be
   * reserved as the sender's.
   *
   * @defaultValue `'recipient@mailstorm.test'`
   */
  readonly recipient?: string
  /**
   * Headers of each message, beside its own or in place of those of the same name; with places as in the sender.
   *
   * @example
   * ```ts
   * { 'X-Tenant': 't{1..50}', 'List-Id': '<news.example.test>' }
   * ```
   */
  readonly headers?: Readonly<Record<string, string>>
  /**
   * Delivery status notifications to ask for (RFC 3461) of servers that offer DSN: `'success,failure,delay'` or some of
   * them, or `'never'`; with `full` or `headers`, how much of the message a notice brings back.
   */
  readonly dsn?: string
  /**
   * Longest wait for each reply, in seconds, from 0.1 to 3,600. A message whose reply comes later has failed as
   * `timeout`. RFC 5321 4.5.3.2 has minutes; a load test wants to know sooner.
   *
   * @defaultValue `30`
   */
  readonly replyTimeoutSeconds?: number
  /**
   * Longest run, in seconds, at least 0.1; a longer one is cut short and reported as partial, which fails it
   * (k6's maxDuration).
   *
   * @defaultValue its window, drain and time for the last replies; for a number of messages 600, or more for more
   * than 60,000
   */
  readonly maxDurationSeconds?: number
  /**
   * Open model: how long after the window messages that are due may still start, in seconds; those that do not
   * are `dropped` (k6's gracefulStop).
   *
   * @defaultValue `30`
   */
  readonly drainSeconds?: number
  /**
   * How many of the servers to send to, the first ones. A part that needs more than there are is left out.
   *
   * @defaultValue all of them
   */
  readonly servers?: number
  /**
   * Where the mail ends up behind the servers, as `STRESS_VERIFY` says it: every acknowledged message is looked for
   * there after the load, and its end-to-end time measured. `bounced==0` and `misrouted==0` are then thresholds too.
   *
   * @defaultValue `'none'`
   *
   * @example
   * ```ts
   * { verify: 'sink:2525', thresholds: ['lost==0', 'e2e.p(99)<2000'] }
   * ```
   */
  readonly verify?: string
  /**
   * How long mail may take after the load to arrive there, in seconds, from 1 to 86,400; what has not is lost.
   *
   * @defaultValue `60`
   */
  readonly verifyTimeoutSeconds?: number
  /**
   * Name of the baseline that the threshold `regression<10%` compares with: `baselines/<name>.json`, as
   * `mailstorm baseline save <name>` writes it. `BASELINE_NOT_READ` when it cannot be read.
   */
  readonly baseline?: string
}

/**
 * A scenario: its load, by one executor, and its thresholds.
 *
 * @example
 * ```ts
 * const newsletter: ScenarioSpec = {
 *   executor: 'constant-arrival-rate',
 *   rate: 200,
 *   durationSeconds: 60,
 *   workers: 20,
 *   size: 'medium',
 *   thresholds: ['success_rate>=0.999', 'p(99)<500'],
 * }
 * ```
 */
export type ScenarioSpec = SpecBase & LoadSpec

/**
 * Search for the highest rate at which the thresholds still hold: the rate doubles until one is missed, then the
 * distance is halved.
 *
 * @example
 * ```ts
 * const limit: BreakpointSpec = {
 *   startRate: 100,
 *   maxRate: 20_000,
 *   resolution: 0.05,
 *   seconds: 10,
 *   holds: ['success_rate>=0.99', 'p(99)<500'],
 *   workers: 20,
 *   size: 'small',
 * }
 * ```
 */
export interface BreakpointSpec extends Omit<SpecBase, 'thresholds'>, SearchPlan {
  /** Thresholds that must hold, in k6's syntax. `dropped==0` is always added, and what every run has. */
  readonly holds: readonly string[]
  /** How long each rate is held, in seconds, from 0.1 to 86,400. */
  readonly seconds: number
}

/** A spec with every default filled in: the load for the sender threads, and what is asked of the run. */
export interface Workload extends Load {
  readonly testType: 'burst' | 'sustained'
  /** Where its messages come from, if they are not generated. */
  readonly corpus: string | undefined
  /** Most sessions open at the same time. */
  readonly maxSessions: number
  /** Those of the spec, then those that every run has. */
  readonly thresholds: readonly Threshold[]
  /** Undefined: what the target's scheme says, else none. */
  readonly tls: TlsMode | undefined
  readonly auth: Credentials | undefined
  /** Where sessions come from, and as whom; undefined where nothing is said of it. */
  readonly client?: ClientIdentity
  readonly maxDurationMs: number
  /** How many servers to send to, the first ones; undefined for all. */
  readonly servers: number | undefined
  readonly baseline: string | undefined
  /** Where the mail ends up, as STRESS_VERIFY says it; undefined where nothing is looked for. */
  readonly verify: string | undefined
  readonly verifyTimeoutMs: number
}

const DEFAULT_REPLY_TIMEOUT_SECONDS = 30
/** k6's default of maxDuration for shared-iterations and per-vu-iterations. */
const DEFAULT_MAX_DURATION_SECONDS = 600
/** Slowest rate worth waiting for, where the default would be too short for so many messages. */
const SLOWEST_PER_SECOND = 100
/** k6's default gracefulStop. */
const DEFAULT_DRAIN_SECONDS = 30
const DEFAULT_VERIFY_TIMEOUT_SECONDS = 60
const SESSIONS_PER_WORKER = 10

/**
 * The spec with every default filled in. Throws MailstormError with everything in it that makes no sense;
 * `allowPublic`: its addresses may be in domains that are not reserved; `beside`: fields that its caller has besides.
 */
export function resolveSpec(
  spec: ScenarioSpec,
  allowPublic = false,
  beside: readonly string[] = [],
): Workload {
  checkSpec(spec, allowPublic, beside)
  const client = clientOf(spec)
  const schedule = scheduleOf(spec, spec.workers)
  const open = executorOf(schedule).model === 'open'
  const drainMs = (spec.drainSeconds ?? DEFAULT_DRAIN_SECONDS) * 1000
  const replyTimeoutMs = (spec.replyTimeoutSeconds ?? DEFAULT_REPLY_TIMEOUT_SECONDS) * 1000
  const retryDelaysMs = retryDelaysOf(spec)
  const behaviour = behaviourOf(spec)
  const mail = resolveMail(spec, allowPublic)
  return {
    schedule,
    testType: plannedSeconds(schedule) === undefined ? 'burst' : 'sustained',
    workers: spec.workers,
    maxSessions: open ? (spec.maxSessions ?? spec.workers * SESSIONS_PER_WORKER) : spec.workers,
    mail,
    corpus: spec.corpus,
    thresholds: thresholdsOf(spec),
    pipelining: behaviour?.thinkMs === undefined ? (spec.pipelining ?? 'commands') : 'off',
    pipelineDepth: spec.pipelineDepth ?? DEFAULT_PIPELINE_DEPTH,
    messagesPerSession: numberOf(spec.messagesPerSession) ?? sessionLength(schedule),
    tls: spec.tls,
    ...(client === undefined ? {} : { client }),
    auth: spec.auth,
    ...(spec.accounts === undefined ? {} : { accounts: readAccounts(spec.accounts, allowPublic) }),
    replyTimeoutMs,
    ...(retryDelaysMs.length === 0 ? {} : { retryDelaysMs }),
    ...(behaviour === undefined ? {} : { behaviour }),
    ...(spec.idleSessions === undefined ? {} : { idleSessions: spec.idleSessions }),
    baseline: spec.baseline,
    verify: spec.verify === 'none' ? undefined : spec.verify,
    verifyTimeoutMs: (spec.verifyTimeoutSeconds ?? DEFAULT_VERIFY_TIMEOUT_SECONDS) * 1000,
    ...resolveCustomMetrics(spec),
    servers: spec.servers,
    drainMs,
    maxDurationMs:
      spec.maxDurationSeconds === undefined
        ? longestMs({ schedule, drainMs, replyTimeoutMs, retryDelaysMs }) +
          thinkingMs({
            schedule,
            mail,
            workers: spec.workers,
            ...(behaviour === undefined ? {} : { behaviour }),
          })
        : spec.maxDurationSeconds * 1000,
  }
}

/** Added when the servers keep a ledger. */
const LEDGER_THRESHOLDS = ['lost==0', 'duplicated==0', 'corrupted==0'] as const

/** Added when the mail is looked for behind the servers. */
const ACCOUNT_THRESHOLDS = ['bounced==0', 'misrouted==0'] as const

/** The thresholds of a spec, parsed, with those of every run. Throws MailstormError when one makes no sense. */
export function thresholdsOf({
  thresholds,
  metrics,
  baseline,
  verify = 'none',
}: Pick<SpecBase, 'thresholds' | 'metrics' | 'baseline' | 'verify'>): Threshold[] {
  const own = thresholds.map((text) => parseThreshold(text, metrics))
  checkBaseline(own, baseline)
  const everyRuns = verify === 'none' ? LEDGER_THRESHOLDS : [...LEDGER_THRESHOLDS, ...ACCOUNT_THRESHOLDS]
  return withEveryRuns(own, everyRuns, SMTP_FIGURES)
}

/**
 * A plan that ends by time is over after its drain, plus the time for the messages started last to wait for
 * each of their replies. Any other plan gets k6's default, or more when it has many messages.
 */
function longestMs({
  schedule,
  drainMs,
  replyTimeoutMs,
  retryDelaysMs = [],
}: Pick<Load, 'schedule' | 'drainMs' | 'replyTimeoutMs' | 'retryDelaysMs'>): number {
  const seconds = plannedSeconds(schedule)
  if (seconds === undefined) {
    const messages = createPacer(schedule).total
    const retriesMs = retryDelaysMs.reduce((sum, delayMs) => sum + delayMs, 0)
    return Math.max(DEFAULT_MAX_DURATION_SECONDS, messages / SLOWEST_PER_SECOND) * 1000 + retriesMs
  }
  return seconds * 1000 + drainMs + PHASES.length * replyTimeoutMs
}

/** What a worker thinks at most, where each sends its share of a number of messages. */
function thinkingMs({
  behaviour,
  schedule,
  workers,
  mail,
}: Pick<Load, 'behaviour' | 'schedule' | 'workers' | 'mail'>): number {
  const [, mostMs] = behaviour?.thinkMs ?? [0, 0]
  const { total } = createPacer(schedule)
  if (mostMs === 0 || !Number.isFinite(total)) return 0
  return Math.ceil(total / workers) * (2 + mostRecipients(mail.recipients)) * mostMs
}

function behaviourOf({
  thinkTimeSeconds,
  breakOff,
}: Pick<SpecBase, 'thinkTimeSeconds' | 'breakOff'>): ClientBehaviour | undefined {
  if (thinkTimeSeconds === undefined && breakOff === undefined) return undefined
  const [least = 0, most = least] = [thinkTimeSeconds ?? []].flat()
  const shares = Object.entries(breakOff ?? {}).map(([phase, percent]) => [phase, percent / 100])
  return {
    ...(thinkTimeSeconds === undefined ? {} : { thinkMs: [least * 1000, most * 1000] as const }),
    ...(breakOff === undefined ? {} : { breakOff: Object.fromEntries(shares) }),
  }
}

/** Before attempt 2, 3, …; none where a message has one attempt. */
function retryDelaysOf({
  retries = 0,
  retryDelaySeconds = DEFAULT_RETRY_DELAY_SECONDS,
}: Pick<SpecBase, 'retries' | 'retryDelaySeconds'>): number[] {
  const delays = [retryDelaySeconds].flat()
  return Array.from({ length: retries }, (_, at) => (delays[at] ?? delays.at(-1) ?? 0) * 1000)
}

/**
 * Open model: a session per message, as mail arrives from many senders. Closed model: as many as the server
 * takes.
 */
function sessionLength(schedule: Schedule): number {
  return executorOf(schedule).model === 'open' ? 1 : Number.POSITIVE_INFINITY
}

function numberOf(count: number | 'unlimited' | undefined): number | undefined {
  return count === 'unlimited' ? Number.POSITIVE_INFINITY : count
}

/** Infinity as users write it. */
export function countOrUnlimited(count: number): number | 'unlimited' {
  return Number.isFinite(count) ? count : 'unlimited'
}

/** `5,000 × 10 KB, 50 workers` or `50/s for 60 s, 10 KB`: titles that contain no scenario's name. */
export function describeWorkload(workload: Workload): string {
  const { corpus, mail } = workload
  const size = corpus === undefined ? sizesText(mail.sizeBytes) : `corpus ${corpusName(corpus)}`
  const { describe, workersOf } = executorOf(workload.schedule)
  const load = describe(workload.schedule, size)
  // Some executors already state their workers.
  const workers = workersOf === undefined ? [`${workload.workers} workers`] : []
  return [load, ...workers, ...oddities(workload)].join(', ')
}

/** What differs from an ordinary load, for titles of parts that differ in nothing else. */
function oddities(workload: Workload): string[] {
  const { schedule, servers, tls, messagesPerSession, pipelining, pipelineDepth } = workload
  return [
    servers !== undefined && `to ${servers} ${servers === 1 ? 'server' : 'servers'}`,
    tls !== undefined && tls !== 'none' && tls,
    messagesPerSession !== sessionLength(schedule) &&
      `${countOrUnlimited(messagesPerSession)} per connection`,
    ...clientOddities(workload.client),
    pipelining !== 'commands' &&
      `pipelining ${pipelining}${pipelining === 'chunks' ? `, depth ${pipelineDepth}` : ''}`,
  ].filter((oddity) => oddity !== false)
}

function clientOddities({ localAddresses, proxy, xclient }: ClientIdentity = {}): (string | false)[] {
  return [
    localAddresses !== undefined && `from ${localAddresses.length} addresses`,
    proxy !== undefined && `PROXY ${proxy.version}`,
    xclient !== undefined && 'XCLIENT',
  ]
}

/** A scenario's own metrics. */
interface CustomMetricsSpec {
  /** Metrics of the scenario's own by kind, k6's four: `{ retries: 'counter', handshake_ms: 'trend' }`. */
  readonly metrics?: MetricKinds
  /**
   * Module of hooks that records them: `new URL('./greylist-hooks.ts', import.meta.url)`; see {@link
   * defineMetrics}.
   */
  readonly hooks?: URL
}

type CustomMetricsPlan = Pick<Load, 'metrics' | 'hooks'>

/** Throws MailstormError when metrics have no hooks, hooks no metrics, or a name or kind is wrong. */
export function resolveCustomMetrics({ metrics = {}, hooks }: CustomMetricsSpec): CustomMetricsPlan {
  checkMetricKinds(metrics)
  const names = Object.keys(metrics)
  if (names.length === 0 && hooks === undefined) return {}
  if (hooks === undefined) {
    throw new MailstormError(
      'BAD_METRIC',
      `Failed to read the scenario: nothing records its metrics ${names.join(', ')}.`,
      "Name the module that records them: hooks: new URL('./my-hooks.ts', import.meta.url)",
    )
  }
  if (names.length === 0) {
    throw new MailstormError(
      'BAD_METRIC',
      `Failed to read the scenario: it has hooks (${hooks.href}) but no metrics for them to record.`,
      "Declare them with their kinds: metrics: { retries: 'counter' }",
    )
  }
  return { metrics, hooks: hooks.href }
}

/** Throws MailstormError when the sender threads cannot load the hooks. */
export async function checkHooks({ hooks }: CustomMetricsPlan, pool: SenderPool): Promise<void> {
  const problem = hooks === undefined ? undefined : await pool.hooksProblem(hooks)
  if (problem !== undefined) throw new MailstormError('BAD_HOOKS', problem)
}
