import type { MailPlan, MailSpec } from '../../mail/mail.ts'
import type { ClientBehaviour } from '../../smtp/clients/behaviour.ts'
import type { AccountTable } from '../../smtp/login/logins.ts'
import type { SessionShape, SmtpTarget } from '../../smtp/target.ts'
import type { MetricKinds } from '../custom-metrics.ts'
import type { Schedule, Split } from '../executors/registry.ts'

/** What is sent, when, and how: the same from a scenario's workload to the sender threads. */
export interface Load extends SessionShape {
  readonly schedule: Schedule
  /** Concurrent workers of the plan, over all generators. */
  readonly workers: number
  readonly mail: MailSpec
  /** Who the sessions log in as, in turn; else as `auth` of each target says. */
  readonly accounts?: AccountTable
  /** Sessions beside the load that stay idle, over all workers. */
  readonly idleSessions?: number
  /** Think time and clients that break off; absent: none. */
  readonly behaviour?: ClientBehaviour
  /** How long a message that was not taken waits for attempt 2, 3, …; absent: it has one attempt. */
  readonly retryDelaysMs?: readonly number[]
  /** How long after the window messages that are due may still start (open model). */
  readonly drainMs: number
  /** File URL of a module of hooks, and the metrics that they record. */
  readonly hooks?: string
  readonly metrics?: MetricKinds
}

/** One run's load, whole and in plain data: what a sender thread needs to know. */
export interface LoadPlan extends Load {
  /** Unique to the run; message ids begin with it. */
  readonly runId: string
  /** When several generators offer the schedule together: which part is this one's. */
  readonly split?: Split
  /** Clock milliseconds of the start, when it is to wait for one. */
  readonly startAtMs?: number
  readonly targets: readonly SmtpTarget[]
  /** Sessions that a worker may have open at a time (open model). */
  readonly sessionsPerWorker: number
  readonly seed: number
  /** Whether what was acknowledged is looked for behind the servers: when, and for whom, is then kept. */
  readonly verified?: boolean
}

/** What the threads of a run agree on when it begins. */
export interface Agreement {
  /** Clock milliseconds of the start. */
  readonly startMs: number
  /** The same by the wall clock, as epoch milliseconds: what the messages' Date header says. */
  readonly dateMs: number
  /** Memory of the run's RunControl. */
  readonly control: SharedArrayBuffer
  /** Memory of the run's Acknowledgements, when it is verified behind its servers. */
  readonly acknowledged?: SharedArrayBuffer
  readonly watch: WatchLimits
}

/**
 * The last line of defence: every wait of the client has a time limit of its own, and what outlasts it
 * is a fault of ours, or of a hook. The run then ends by itself and says what hangs.
 */
export interface WatchLimits {
  /** How often a thread tells how far it is, and how often is looked at that. */
  readonly everyMs: number
  /** How long after its own time limit a session counts as hanging. */
  readonly overdueMs: number
  /** Longer than all time limits of a message together: for hangs outside of any session. */
  readonly silenceMs: number
  /** How long a thread may tell nothing before its event loop counts as blocked. */
  readonly heartbeatMs: number
  /** How long the threads have to end what they do once they are told to. */
  readonly graceMs: number
}

/** The task of one worker, as it goes to a thread of the pool. */
export interface WorkerTask {
  readonly plan: LoadPlan
  readonly agreed: Agreement
  /** 0-based. */
  readonly worker: number
}

/** All that the messages of a run depend on. */
export function mailPlanOf({ mail, runId, seed }: LoadPlan, { dateMs }: Pick<Agreement, 'dateMs'>): MailPlan {
  return { ...mail, runId, seed, dateMs }
}
