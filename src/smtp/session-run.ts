import type { Feed, Ticket } from '../load/dispatch.ts'
import { asFailure } from './failure.ts'
import { type OpenSession, openForMessages } from './open-session.ts'
import type { SenderOptions } from './sender.ts'
import { PHASE_INDEX, type PhaseTimer } from './session.ts'
import { failedBy, refusesMail, type Started, sampleOf, startOf, type Transacted } from './transacted.ts'
import { EnvelopeRefused, quit, resetTransaction, sendEnvelope, sendMessage } from './transaction.ts'
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
    const started = startOf(this.#options, first)
    const open = await this.#open(started).finally(() => connectGate.leave())
    if (open === undefined) return undefined
    onSessionOpened()
    const unsent = await this.#sendAll(open, started)
    transports.delete(open.session.transport)
    return unsent
  }

  /** Undefined when the session could not be opened; the message has then ended as failed. */
  async #open(started: Started): Promise<OpenSession | undefined> {
    try {
      return await openForMessages(this.#options, this.#target, started.timer)
    } catch (error) {
      this.#end(started, failedBy(asFailure(error)))
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
      const turn = { envelopeSent, mayFollow: left > 0, spareTimer }
      const done: Transacted = await this.#transact(open, current, turn)
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
      current = startOf(this.#options, ticket, spareTimer)
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
      if (envelope instanceof EnvelopeRefused) return { ...envelope, recipientsRefused: 0 }
      const { recipientsRefused } = envelope
      const ticket = turn.mayFollow && open.pipelining === 'transactions' ? this.#feed.take() : undefined
      if (ticket !== undefined) following = startOf(this.#options, ticket, turn.spareTimer)
      await sendMessage(context, open.writer.octets(current.ticket.message, following !== undefined))
      return { needsReset: false, recipientsRefused, ...(following === undefined ? {} : { following }) }
    } catch (error) {
      return failedBy(asFailure(error), following)
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

  #end(started: Started, done: Transacted): void {
    this.#options.onSample({ ...sampleOf(this.#options, started, done), target: this.#target })
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
