import type { Clock } from '../engine/clock.ts'
import type { Ticket } from '../engine/dispatch.ts'
import type { RecipientFailure, Sample } from '../engine/sample.ts'
import { isSessionFull, type SmtpFailure } from './failure.ts'
import type { MessageTemplate } from './message.ts'
import { PhaseTimer } from './session.ts'

/** A message that a session is to send; it comes a second time when its session ended before it began. */
export interface Pending {
  readonly ticket: Ticket
  /** Clock milliseconds from which its response time counts, where a first attempt has set it. */
  readonly dueMs?: number
}

/** A message whose first octets have gone out. */
export interface Started {
  readonly ticket: Ticket
  /** From which its response time counts, in this attempt and in one that may follow it. */
  readonly dueMs: number
  readonly sentMs: number
  readonly timer: PhaseTimer
}

/** How one transaction went. */
export interface Transacted {
  readonly failure?: SmtpFailure
  readonly needsReset: boolean
  /** False when the session ended before the server answered any of this message: nobody has it. */
  readonly begun: boolean
  /** Of single recipients, while the message was taken for others. */
  readonly refusals: readonly SmtpFailure[]
  /** The next message, when its envelope went out behind this one's data. */
  readonly following?: Started
}

export const NO_REFUSALS: readonly SmtpFailure[] = []

/** `timer`: of a message that has ended, to be used again. */
export function startOf(
  { clock, model }: { readonly clock: Clock; readonly model: 'open' | 'closed' },
  { ticket, dueMs }: Pending,
  timer = new PhaseTimer(clock),
): Started {
  const sentMs = clock.nowMs()
  timer.reset(sentMs)
  // In the closed model a message is due when its worker comes to it.
  return { ticket, dueMs: dueMs ?? (model === 'open' ? ticket.dueMs : sentMs), sentMs, timer }
}

export function failedBy(failure: SmtpFailure, following?: Started): Transacted {
  return {
    failure,
    needsReset: false,
    begun: true,
    refusals: NO_REFUSALS,
    ...(following === undefined ? {} : { following }),
  }
}

/** The one sample of a message that has ended just now; built without spreads where nothing failed. */
export function sampleOf(
  { clock, template }: { readonly clock: Clock; readonly template: Pick<MessageTemplate, 'sizeBytes'> },
  target: number,
  { ticket, dueMs, sentMs, timer }: Started,
  { failure, refusals }: Transacted,
): Sample {
  const sample: Sample = {
    message: ticket.message,
    target,
    dueMs,
    sentMs,
    endedMs: clock.nowMs(),
    bytes: template.sizeBytes,
    outcome: failure?.outcome ?? 'accepted',
    phasesMs: timer.phasesMs,
    recipientsRefused: refusals.length,
  }
  if (failure !== undefined) return { ...sample, failure: failure.failure }
  return refusals.length === 0 ? sample : { ...sample, recipientFailures: refusals.map(recipientFailure) }
}

function recipientFailure({ outcome, failure }: SmtpFailure): RecipientFailure {
  return { ...failure, outcome }
}

/**
 * Whether a message may go to a new session. A connection that the server ended, or a 421, before it
 * answered MAIL is the end of the session, not a refusal of the message: Postfix and HTTP clients
 * (RFC 9110 9.2.2, RFC 9112 9.5) take a reused connection's end alike. Silence (a time-out) is not.
 */
export function isEndOfSession({ failure, begun }: Transacted): boolean {
  if (begun || failure === undefined) return false
  const { class: failureClass, code } = failure.failure
  return code === 421 || failureClass === 'connection_closed' || failureClass === 'connection_reset'
}

/** The server wants a new session before the next message; RSET is due only after MAIL was taken. */
export function refusesMail({ failure, needsReset }: Transacted): boolean {
  return failure !== undefined && !needsReset && isSessionFull(failure)
}
