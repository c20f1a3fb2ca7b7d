import type { Ticket } from '../engine/dispatch.ts'
import type { EndedOutcome, Failure, RecipientFailure, Sample } from '../engine/sample.ts'
import type { Dialogue } from './dialogue.ts'
import { isSessionFull, type SmtpFailure } from './failure.ts'
import { PhaseTimer } from './target.ts'

/** Of a dialogue, how recipients were answered, and when. */
export type Refusing = Pick<Dialogue, 'refusals' | 'refusedPlaces' | 'nowMs'>

/**
 * One message in one session, and its sample once it has ended. A lane uses two in turn: copy a sample to
 * keep it.
 */
export class Attempt extends PhaseTimer implements Sample {
  /** When its response time starts, in this attempt and in a second one. */
  dueMs = 0
  sentMs = 0
  endedMs = 0
  message = 0
  target = 0
  bytes = 0
  outcome: EndedOutcome = 'accepted'
  failure: Failure | undefined
  recipientsRefused = 0
  recipientFailures: readonly RecipientFailure[] | undefined
  refusedPlaces: readonly number[] | undefined

  begin(ticket: Ticket, dueMs: number, sentMs: number): void {
    this.message = ticket.message
    this.dueMs = dueMs
    this.sentMs = sentMs
    this.start(sentMs)
  }

  /** For a second attempt. The one that it came with is not kept: it would outlive its young generation. */
  get ticket(): Ticket {
    return { message: this.message, dueMs: this.dueMs }
  }

  /** `refusals`: of some recipients, while the message was taken for others. */
  end(failure: SmtpFailure | undefined, { refusals, refusedPlaces, nowMs }: Refusing): void {
    this.endedMs = nowMs
    this.outcome = failure?.outcome ?? 'accepted'
    this.failure = failure?.failure
    this.recipientsRefused = refusals.length
    this.recipientFailures = refusals.length === 0 ? undefined : refusals.map(recipientFailure)
    this.refusedPlaces = refusals.length === 0 ? undefined : refusedPlaces
  }
}

function recipientFailure({ outcome, failure }: SmtpFailure): RecipientFailure {
  return { ...failure, outcome }
}

/**
 * Whether a message may go to a new session. A connection that the server ended, or a 421, before it
 * answered MAIL is the end of the session, not a refusal of the message: Postfix and HTTP clients
 * (RFC 9110 9.2.2, RFC 9112 9.5) take a reused connection's end alike. Silence (a time-out) is not.
 */
export function isEndOfSession(failure: SmtpFailure | undefined, begun: boolean): boolean {
  if (begun || failure === undefined) return false
  const { class: failureClass, code } = failure.failure
  return code === 421 || failureClass === 'connection_closed' || failureClass === 'connection_reset'
}

/** The server wants a new session before the next message; RSET is due only after MAIL was taken. */
export function refusesMail(failure: SmtpFailure, needsReset: boolean): boolean {
  return !needsReset && isSessionFull(failure)
}
