import type { Ticket } from '../load/dispatch.ts'
import type { Sample } from '../load/sample.ts'
import { isSessionFull, type SmtpFailure } from './failure.ts'
import type { SenderOptions } from './sender.ts'
import { PhaseTimer } from './session.ts'

/** A ticket whose first octets have gone out. */
export interface Started {
  readonly ticket: Ticket
  readonly sentMs: number
  readonly timer: PhaseTimer
}

/** How one transaction went. */
export interface Transacted {
  readonly failure?: SmtpFailure
  readonly needsReset: boolean
  readonly recipientsRefused: number
  /** The next message, when its envelope went out behind this one's data. */
  readonly following?: Started
}

/** `timer`: of a message that has ended, to be used again. */
export function startOf({ clock }: SenderOptions, ticket: Ticket, timer = new PhaseTimer(clock)): Started {
  const sentMs = clock.nowMs()
  timer.reset(sentMs)
  return { ticket, sentMs, timer }
}

export function failedBy(failure: SmtpFailure, following?: Started): Transacted {
  return {
    failure,
    needsReset: false,
    recipientsRefused: 0,
    ...(following === undefined ? {} : { following }),
  }
}

/** The one sample of a message that has ended just now; all but its target. */
export function sampleOf(
  { model, clock, template }: SenderOptions,
  { ticket, sentMs, timer }: Started,
  { failure, recipientsRefused }: Transacted,
): Omit<Sample, 'target'> {
  return {
    message: ticket.message,
    dueMs: model === 'open' ? ticket.dueMs : sentMs,
    sentMs,
    endedMs: clock.nowMs(),
    bytes: template.sizeBytes,
    outcome: failure?.outcome ?? 'accepted',
    ...(failure === undefined ? {} : { failure: failure.failure }),
    phasesMs: timer.phasesMs,
    recipientsRefused,
  }
}

/** The server wants a new session before the next message; RSET is due only after MAIL was taken. */
export function refusesMail({ failure, needsReset }: Transacted): boolean {
  return failure !== undefined && !needsReset && isSessionFull(failure)
}
