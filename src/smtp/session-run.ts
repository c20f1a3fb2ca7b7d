import type { Feed, Ticket } from '../load/dispatch.ts'
import { asFailure, type SmtpFailure } from './failure.ts'
import { type OpenSession, openForMessages } from './open-session.ts'
import type { SenderOptions } from './sender.ts'
import type { PhaseTimer } from './session.ts'
import { SessionTally, type Suspicion } from './session-caps.ts'
import {
  failedBy,
  isEndOfSession,
  NO_REFUSALS,
  type Pending,
  refusesMail,
  type Started,
  sampleOf,
  startOf,
  type Transacted,
} from './transacted.ts'
import { EnvelopeRefused, resetTransaction, sendEnvelope, sendMessage } from './transaction.ts'
import type { Transport } from './transport.ts'

/** How a message goes out on an open session. */
interface Turn {
  /** Its envelope went out behind the data of the message before. */
  readonly envelopeSent: boolean
  /** The next message's envelope may go out behind its data. */
  readonly mayFollow: boolean
  /** Of a message that has ended. */
  readonly spareTimer: PhaseTimer | undefined
}

/** What a session leaves to the one after it. */
export interface SessionEnd {
  /** Taken from the feed but not begun, because the session had ended in the meantime. */
  readonly unsent?: Pending
  /** The server ended it behind a message that has its outcome, before the next one was taken. */
  readonly isLost?: true
  /** Why the session was given up: the next one, to the same target, is to show whether it was full. */
  readonly suspicion?: Suspicion
}

/** The life of one session, from connect to QUIT or to its first failure. */
export class SessionRun {
  readonly #options: SenderOptions
  readonly #feed: Feed
  readonly #target: number
  /** Of the session before, until a message has shown what this one takes. */
  #suspicion: Suspicion | undefined

  constructor(options: SenderOptions, feed: Feed, target: number, suspicion: Suspicion | undefined) {
    this.#options = options
    this.#feed = feed
    this.#target = target
    this.#suspicion = suspicion
  }

  /** Sends `first` and up to a session's number of further messages. */
  async run(first: Pending): Promise<SessionEnd> {
    const { transports, onSessionOpened } = this.#options
    const entered = this.#options.connectGate.enter()
    if (entered !== undefined) await entered
    const started = startOf(this.#options, first)
    const open = await this.#open(started)
    if (open === undefined) return {}
    onSessionOpened()
    const { transport } = open.session
    const end = await this.#sendAll(open, started)
    // After QUIT it is open until the goodbye has come, and then seen to by the farewells.
    if (transport.failure !== undefined) transports.delete(transport)
    return end
  }

  /** Undefined when the session could not be opened; the message has then ended as failed. */
  async #open(started: Started): Promise<OpenSession | undefined> {
    try {
      return await openForMessages(this.#options, this.#target, started.timer)
    } catch (error) {
      this.#end(started, failedBy(asFailure(error)))
      return undefined
    } finally {
      this.#options.connectGate.leave()
    }
  }

  async #sendAll(open: OpenSession, first: Started): Promise<SessionEnd> {
    const { transport } = open.session
    const { sessionCaps } = this.#options
    const tally = new SessionTally()
    let left = this.#options.shape.messagesPerSession
    let current = first
    let envelopeSent = false
    let spareTimer: PhaseTimer | undefined
    let suspicion: Suspicion | undefined
    for (;;) {
      left--
      const mayFollow = left > 0 && !sessionCaps.isDoubted(this.#target, tally)
      const done: Transacted = await this.#transact(open, current, { envelopeSent, mayFollow, spareTimer })
      // Only of a session that had been taken into use before: of a new one it is how the message ended.
      if (current !== first && isEndOfSession(done)) return this.#unsent(open, current)
      this.#end(current, done)
      if (this.#isOver(open, done)) return this.#leftBy(open, done, left)
      if (done.needsReset && !(await this.#reset(open))) return {}
      tally.note(done.failure)
      if (done.failure === undefined) sessionCaps.noteTaken(this.#target, tally)
      // A session that was full from its first message on would be followed by another like it.
      else if (current !== first)
        suspicion = sessionCaps.suspect(this.#target, tally, done.failure, refusesMail(done))
      if (suspicion !== undefined) left = 0
      spareTimer = current.timer
      envelopeSent = done.following !== undefined
      if (done.following !== undefined) {
        current = done.following
        continue
      }
      const ticket = left > 0 ? (this.#feed.take() ?? (await this.#nextTicket(transport))) : undefined
      if (ticket === undefined) {
        await this.#options.farewells.say(open, this.#target, current.timer)
        return suspicion === undefined ? {} : { suspicion }
      }
      // The server ended the session while it was idle: that is no fault of this message.
      if (transport.failure !== undefined || transport.hasUnreadInput) {
        transport.destroy()
        return { unsent: { ticket } }
      }
      current = startOf(this.#options, { ticket }, spareTimer)
    }
  }

  #nextTicket(transport: Transport): Promise<Ticket | undefined> {
    transport.rest()
    return this.#feed.next()
  }

  async #transact(open: OpenSession, current: Started, turn: Turn): Promise<Transacted> {
    const context = { ...open.context, timer: current.timer }
    let following: Started | undefined
    try {
      const envelope = await sendEnvelope(context, turn.envelopeSent)
      if (envelope instanceof EnvelopeRefused) {
        const { failure, needsReset, begun } = envelope
        return { failure, needsReset, begun, refusals: NO_REFUSALS }
      }
      const { refusals } = envelope
      const ticket = turn.mayFollow && open.pipelining === 'transactions' ? this.#feed.take() : undefined
      if (ticket !== undefined) following = startOf(this.#options, { ticket }, turn.spareTimer)
      const follows = following !== undefined
      await sendMessage(context, open.writer.octets(current.ticket.message, follows), follows)
      return following === undefined
        ? { needsReset: false, begun: true, refusals }
        : { needsReset: false, begun: true, refusals, following }
    } catch (error) {
      return failedBy(asFailure(error), following)
    }
  }

  /**
   * Whether the session can send no more. A refusal leaves it usable, unless it is 421 (RFC 5321 3.8);
   * what has no reply does not.
   */
  #isOver({ session: { transport } }: OpenSession, { failure, following }: Transacted): boolean {
    if (endsSession(failure)) return true
    // A connection that is gone may have left replies for the message that follows: that one sees to it.
    return transport.failure !== undefined && following === undefined
  }

  /** A message whose envelope was already out is not begun: nobody has it, as none of its data went out. */
  #leftBy(open: OpenSession, { failure, following }: Transacted, left: number): SessionEnd {
    if (following === undefined) {
      open.session.transport.destroy()
      return left > 0 && !endsSession(failure) ? { isLost: true } : {}
    }
    if (failure?.failure.class !== 'aborted') return this.#unsent(open, following)
    this.#end(following, failedBy(failure))
    return {}
  }

  #unsent(open: OpenSession, { ticket, dueMs }: Started): SessionEnd {
    open.session.transport.destroy()
    return { unsent: { ticket, dueMs } }
  }

  /** Clears a refused envelope from the session; false when that ended it. */
  async #reset(open: OpenSession): Promise<boolean> {
    try {
      await resetTransaction(open.context)
      return true
    } catch (error) {
      const { failure } = asFailure(error)
      open.session.transport.destroy()
      // The message has its outcome; what the session did then, and how long that took, is told apart.
      if (failure.class !== 'aborted')
        this.#options.onSessionFailure({ ...failure, phase: 'reset' }, this.#target)
      return false
    }
  }

  #end(started: Started, done: Transacted): void {
    this.#options.onSample(sampleOf(this.#options, this.#target, started, done))
    if (this.#suspicion === undefined) return
    this.#options.sessionCaps.settle(this.#suspicion, takesMail(done))
    this.#suspicion = undefined
  }
}

/** Whether the end of a message is that of its session as well. */
function endsSession(failure: SmtpFailure | undefined): boolean {
  return failure?.failure.code === 421 || failure?.outcome === 'failed'
}

/** Whether a session takes mail; undefined where its first message does not tell. */
function takesMail({ failure }: Transacted): boolean | undefined {
  if (failure === undefined) return true
  return failure.outcome === 'deferred' && failure.failure.code !== 421 ? false : undefined
}
