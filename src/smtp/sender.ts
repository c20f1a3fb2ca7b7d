import type { Clock } from '../engine/clock.ts'
import type { Feed, Lane, Ticket } from '../engine/dispatch.ts'
import type { Failure, Sample } from '../engine/sample.ts'
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
} from './attempt.ts'
import type { Gate, OpenTransports } from './connections.ts'
import { asFailure, type SmtpFailure } from './failure.ts'
import type { Farewells } from './farewells.ts'
import type { MessageTemplate, MessageWriter } from './message.ts'
import type { Reply } from './reply.ts'
import { openSession, type PhaseTimer, type Session, type TlsSessionCache } from './session.ts'
import { type SessionCaps, SessionTally, type Suspicion } from './session-caps.ts'
import type { Phase, PipeliningLevel, SessionShape, SmtpTarget } from './target.ts'
import {
  EnvelopeRefused,
  envelopeFor,
  resetTransaction,
  sendEnvelope,
  sendMessage,
  type TransactionContext,
} from './transaction.ts'
import type { OnReplyTaken, Transport } from './transport.ts'

/** What all lanes of one thread share. */
export interface SenderOptions {
  readonly clock: Clock
  readonly model: 'open' | 'closed'
  readonly targets: readonly SmtpTarget[]
  readonly template: MessageTemplate
  readonly shape: SessionShape
  readonly tlsSessions: TlsSessionCache
  /** Open connections, so that an abort can end them. */
  readonly transports: OpenTransports
  readonly connectGate: Gate
  readonly farewells: Farewells
  readonly sessionCaps: SessionCaps
  readonly onSample: (sample: Sample) => void
  readonly onSessionOpened: () => void
  /** Told when a message goes to a new session because the server had ended the one that it was for. */
  readonly onReconnect: () => void
  /** Told how a session ended badly after its messages had their outcomes: at RSET. QUIT is the farewells'. */
  readonly onSessionFailure: (failure: Failure, target: number) => void
  /** Told every reply of every session; `target` is an index into the targets. */
  readonly onReply?: ((reply: Reply, phase: Phase, target: number) => void) | undefined
}

/**
 * A lane that sends by SMTP, one session after another, each to the next of the targets. `firstTarget`
 * differs from worker to worker, so that they do not all begin at the first server.
 */
export function smtpLane(options: SenderOptions, firstTarget: number): Lane {
  const { targets, sessionCaps, onReconnect } = options
  return async (feed) => {
    let target = firstTarget % targets.length
    let end: SessionEnd = {}
    for (;;) {
      const next = end.unsent ?? pendingOf(feed.take() ?? (await feed.next()))
      if (next === undefined) break
      if (end.unsent !== undefined || end.isLost === true) onReconnect()
      end = await new SessionRun(options, feed, target, end.suspicion).run(next)
      // The same server goes on with what it broke off, and shows whether its session was full.
      const goesOn = end.unsent !== undefined || end.isLost === true || end.suspicion !== undefined
      if (!goesOn) target = (target + 1) % targets.length
    }
    if (end.suspicion !== undefined) sessionCaps.settle(end.suspicion, undefined)
  }
}

function pendingOf(ticket: Ticket | undefined): Pending | undefined {
  return ticket && { ticket }
}

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
interface SessionEnd {
  /** Taken from the feed but not begun, because the session had ended in the meantime. */
  readonly unsent?: Pending
  /** The server ended it behind a message that has its outcome, before the next one was taken. */
  readonly isLost?: true
  /** Why the session was given up: the next one, to the same target, is to show whether it was full. */
  readonly suspicion?: Suspicion
}

/** The life of one session, from connect to QUIT or to its first failure. */
class SessionRun {
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
    const { context } = open
    context.timer = current.timer
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
      await resetTransaction(open.session)
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

/** An open session with what is the same for all its messages. */
interface OpenSession {
  readonly session: Session
  readonly pipelining: PipeliningLevel
  readonly writer: MessageWriter
  readonly context: TransactionContext
}

/** A session with the target of this index, among the sender's transports as long as it is open. Throws SmtpFailure. */
async function openForMessages(
  sender: SenderOptions,
  targetIndex: number,
  timer: PhaseTimer,
): Promise<OpenSession> {
  const { targets, template, shape, clock, tlsSessions, transports, onReply } = sender
  const target = targets[targetIndex] as SmtpTarget
  let opened: Transport | undefined
  const onTransport = (transport: Transport) => {
    opened = transport
    transports.add(transport, targetIndex)
  }
  const onReplyTaken: OnReplyTaken | undefined =
    onReply && ((reply, phase) => onReply(reply, phase, targetIndex))
  try {
    const options = { target, clock, timeoutMs: shape.replyTimeoutMs, tlsSessions, onTransport, onReplyTaken }
    const session = await openSession(options, timer)
    const size = session.capabilities.size ? template.sizeBytes : undefined
    const envelope = envelopeFor(template.sender, template.recipients, size)
    const pipelining = session.capabilities.pipelining ? shape.pipelining : 'off'
    const context = { session, envelope, pipelining, timer }
    return { session, pipelining, writer: template.writer(envelope.whole), context }
  } catch (error) {
    if (opened !== undefined) transports.delete(opened)
    throw error
  }
}
