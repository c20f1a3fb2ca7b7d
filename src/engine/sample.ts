/** Every planned message ends as exactly one of these. */
export const OUTCOMES = ['accepted', 'deferred', 'rejected', 'failed', 'dropped', 'not_reached'] as const
/**
 * What became of a planned message: accepted (2xx), deferred (4xx), rejected (5xx), failed (no reply), dropped (due, but never
 * started), or in a run that was ended early not reached.
 */
export type Outcome = (typeof OUTCOMES)[number]
/** How a message that was started ended. */
export type EndedOutcome = Exclude<Outcome, 'dropped' | 'not_reached'>

/** Why a message did not end as `accepted`. `reply` carries the reply code beside it. */
export const FAILURE_CLASSES = [
  'reply',
  'auth',
  'connection_refused',
  'connection_reset',
  'connection_closed',
  'unreachable',
  'timeout',
  'tls',
  'protocol_error',
  'local',
  'aborted',
  'broken_off',
] as const
/** Kind of a failure: `reply` carries the server's reply code beside it, `local` is a fault of this machine, `broken_off` a client that was told to break off. */
export type FailureClass = (typeof FAILURE_CLASSES)[number]

/** The phases of a transaction, in order: what the sender times, and what a threshold can name, as in `connect.p(99)`. */
export const TRANSACTION_PHASES = [
  'connect',
  'tls',
  'greeting',
  'ehlo',
  'auth',
  'envelope',
  'data',
  'transfer',
  'accept',
  'quit',
] as const

/** Why a message was not accepted. */
export interface Failure {
  /** Kind of failure; `reply` for a 4xx or 5xx reply. */
  readonly class: FailureClass
  /** Phase in which it failed, such as `connect` or `envelope`. */
  readonly phase: string
  /** Reply code, when the target gave one. */
  readonly code?: number
  /** Enhanced status code (RFC 3463): `5.7.1`. */
  readonly enhanced?: string
  /** What the server or the operating system said, in one line. */
  readonly text: string
}

/** Why one recipient was refused. */
export interface RecipientFailure extends Failure {
  readonly outcome: EndedOutcome
}

/** One attempt to send one message: flat, so that everything downstream needs to know only this. */
export interface Sample {
  /** Number of the message in its run's plan, from 0. */
  readonly message: number
  /** Index into the run's targets. */
  readonly target: number
  /** When it should have started, when it did, when it ended: Clock milliseconds. */
  readonly dueMs: number
  readonly sentMs: number
  readonly endedMs: number
  /** Size of the message (RFC 1870 sense: with CRLF, before dot-stuffing). */
  readonly bytes: number
  readonly outcome: EndedOutcome
  readonly failure?: Failure | undefined
  /** Milliseconds per phase by index into the sender's phase names; NaN where a phase did not happen. */
  readonly phasesMs: Float64Array
  /** Recipients that the target refused while it took the message for others. */
  readonly recipientsRefused: number
  /** Why it refused each of them; absent when it refused none. */
  readonly recipientFailures?: readonly RecipientFailure[] | undefined
  /** The places of these recipients in the envelope, from 0, in the same order. */
  readonly refusedPlaces?: readonly number[] | undefined
}
