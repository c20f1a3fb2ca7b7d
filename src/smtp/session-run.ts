import type { Feed, Ticket } from '../load/dispatch.ts'
import { isSessionFull, SmtpFailure } from './failure.ts'
import type { MessageWriter } from './message.ts'
import type { SenderOptions } from './sender.ts'
import { openSession, PHASE_INDEX, PhaseTimer, type Session } from './session.ts'
import type { PipeliningLevel, SmtpTarget } from './target.ts'
import {
  EnvelopeRefused,
  envelopeFor,
  quit,
  resetTransaction,
  sendEnvelope,
  sendMessage,
  type TransactionContext,
} from './transaction.ts'
import type { OnReplyTaken, Transport } from './transport.ts'

/** A ticket whose first octets have gone out. */
interface Started {
  readonly ticket: Ticket
  readonly sentMs: number
  readonly timer: PhaseTimer
}

/** An open session with what is the same for all its messages. */
interface OpenSession {
  readonly session: Session
  readonly pipelining: PipeliningLevel
  readonly writer: MessageWriter
  readonly context: Omit<TransactionContext, 'timer'>
}

/** How one transaction went. */
interface Transacted {
  readonly failure?: SmtpFailure
  readonly needsReset: boolean
  readonly recipientsRefused: number
  /** The next message, when its envelope went out behind this one's data. */
  readonly following?: Started
}

/** The life of one session, from connect to QUIT or to its first failure. */
export class SessionRun {
  readonly #options: SenderOptions
  readonly #feed: Feed
  readonly #target: number

  constructor(options: SenderOptions, feed: Feed, target: number) {
    this.#options = options
    this.#feed = feed
    this.#target = target
  }

  /**
   * Sends `first` and up to a session's number of further messages. Returns a ticket that it took
   * but did not start, because the server had ended the session in the meantime.
   */
  async run(first: Ticket): Promise<Ticket | undefined> {
    const { connectGate, transports, onSessionOpened } = this.#options
    await connectGate.enter()
    const started = this.#start(first)
    const open = await this.#open(started).finally(() => connectGate.leave())
    if (open === undefined) return undefined
    onSessionOpened()
    const unsent = await this.#sendAll(open, started)
    transports.delete(open.session.transport)
    return unsent
  }

  /** Undefined when the session could not be opened; the message has then ended as failed. */
  async #open(started: Started): Promise<OpenSession | undefined> {
    const { targets, template, shape, clock, tlsSessions, transports, onReply } = this.#options
    const target = targets[this.#target] as SmtpTarget
    let opened: Transport | undefined
    const onTransport = (transport: Transport) => {
      opened = transport
      transports.add(transport)
    }
    try {
      const onReplyTaken: OnReplyTaken | undefined =
        onReply && ((reply, phase) => onReply(reply, phase, this.#target))
      const options = { target, clock, timeoutMs: shape.timeoutMs, tlsSessions, onTransport, onReplyTaken }
      const session = await openSession(options, started.timer)
      const size = session.capabilities.size ? template.sizeBytes : undefined
      const envelope = envelopeFor(template.sender, template.recipients, size)
      const pipelining = session.capabilities.pipelining ? shape.pipelining : 'off'
      const context = { session, envelope, pipelining, timeoutMs: shape.timeoutMs }
      return { session, pipelining, writer: template.writer(envelope.whole), context }
    } catch (error) {
      if (opened !== undefined) transports.delete(opened)
      this.#end(started, { failure: asFailure(error), needsReset: false, recipientsRefused: 0 })
      return undefined
    }
  }

  async #sendAll(open: OpenSession, first: Started): Promise<Ticket | undefined> {
    const { transport } = open.session
    let left = this.#options.shape.messagesPerSession
    let current = first
    let envelopeSent = false
    let spareTimer: PhaseTimer | undefined
    for (;;) {
      left--
      const done: Transacted = await this.#transact(open, current, envelopeSent, left > 0, spareTimer)
      this.#end(current, done)
      if (this.#isOver(open, done)) return undefined
      if (done.needsReset && !(await this.#reset(open))) return undefined
      // A session that was full from its first message on would be followed by another like it.
      if (refusesMail(done) && current !== first) left = 0
      spareTimer = current.timer
      envelopeSent = done.following !== undefined
      if (done.following !== undefined) {
        current = done.following
        continue
      }
      const ticket = left > 0 ? (this.#feed.take() ?? (await this.#nextTicket(transport))) : undefined
      if (ticket === undefined) {
        await this.#quit(open, current.timer)
        return undefined
      }
      // The server ended the session while it was idle: that is no fault of this message.
      if (transport.failure !== undefined || transport.hasUnreadInput) {
        transport.destroy()
        return ticket
      }
      current = this.#start(ticket, spareTimer)
    }
  }

  #nextTicket(transport: Transport): Promise<Ticket | undefined> {
    transport.rest()
    return this.#feed.next()
  }

  async #transact(
    open: OpenSession,
    current: Started,
    envelopeSent: boolean,
    mayFollow: boolean,
    spareTimer: PhaseTimer | undefined,
  ): Promise<Transacted> {
    const context = { ...open.context, timer: current.timer }
    let following: Started | undefined
    try {
      const envelope = await sendEnvelope(context, envelopeSent)
      if (envelope instanceof EnvelopeRefused) return { ...envelope, recipientsRefused: 0 }
      const { recipientsRefused } = envelope
      const ticket = mayFollow && open.pipelining === 'transactions' ? this.#feed.take() : undefined
      if (ticket !== undefined) following = this.#start(ticket, spareTimer)
      await sendMessage(context, open.writer.octets(current.ticket.message, following !== undefined))
      return { needsReset: false, recipientsRefused, ...(following === undefined ? {} : { following }) }
    } catch (error) {
      const failure = asFailure(error)
      return {
        failure,
        needsReset: false,
        recipientsRefused: 0,
        ...(following === undefined ? {} : { following }),
      }
    }
  }

  /**
   * Whether the session can send no more. A refusal leaves it usable, unless it is 421 (RFC 5321 3.8);
   * what has no reply does not. A message whose envelope is already out fails with its session.
   */
  #isOver(open: OpenSession, done: Transacted): boolean {
    const { transport } = open.session
    const { failure, following } = done
    const ended = failure?.failure.code === 421 || failure?.outcome === 'failed'
    // A connection that is gone may have left replies for the message that follows: that one sees to it.
    if (!ended && (transport.failure === undefined || following !== undefined)) return false
    if (following !== undefined) this.#end(following, done)
    transport.destroy()
    return true
  }

  /** Clears a refused envelope from the session; false when that ended it. */
  async #reset(open: OpenSession): Promise<boolean> {
    try {
      await resetTransaction(open.context)
      return true
    } catch (error) {
      asFailure(error)
      open.session.transport.destroy()
      return false
    }
  }

  #start(ticket: Ticket, timer = new PhaseTimer(this.#options.clock)): Started {
    const sentMs = this.#options.clock.nowMs()
    timer.reset(sentMs)
    return { ticket, sentMs, timer }
  }

  #end(started: Started, { failure, recipientsRefused }: Transacted): void {
    const { model, clock, template, onSample } = this.#options
    onSample({
      message: started.ticket.message,
      target: this.#target,
      dueMs: model === 'open' ? started.ticket.dueMs : started.sentMs,
      sentMs: started.sentMs,
      endedMs: clock.nowMs(),
      bytes: template.sizeBytes,
      outcome: failure?.outcome ?? 'accepted',
      ...(failure === undefined ? {} : { failure: failure.failure }),
      phasesMs: started.timer.phasesMs,
      recipientsRefused,
    })
  }

  /** The last message has its outcome by now: how the goodbye goes changes nothing. */
  async #quit(open: OpenSession, timer: PhaseTimer): Promise<void> {
    timer.reset(this.#options.clock.nowMs())
    try {
      await quit({ ...open.context, timer })
      this.#options.onQuit(timer.phasesMs[PHASE_INDEX.quit] as number)
    } catch (error) {
      asFailure(error)
      open.session.transport.destroy()
    }
  }
}

/** The server wants a new session before the next message; RSET is due only after MAIL was taken. */
function refusesMail({ failure, needsReset }: Transacted): boolean {
  return failure !== undefined && !needsReset && isSessionFull(failure)
}

/** Anything but an SmtpFailure is a fault of ours and must not pass as one of the target's. */
function asFailure(error: unknown): SmtpFailure {
  if (error instanceof SmtpFailure) return error
  throw error
}
