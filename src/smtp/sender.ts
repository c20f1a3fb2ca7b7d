import type { Clock } from '../engine/clock.ts'
import type { Feed, Lane, Ticket } from '../engine/dispatch.ts'
import type { Failure, Sample } from '../engine/sample.ts'
import type { Mail } from '../mail/mail.ts'
import { Attempt, isEndOfSession, type Refusing, refusesMail } from './attempt.ts'
import { Batch } from './batch.ts'
import { type BehindTheEnd, isOutOfPlace } from './behind-the-end.ts'
import { levelOffered } from './capabilities.ts'
import type { ClientBehaviour } from './clients/behaviour.ts'
import { UnsteadyWire } from './clients/unsteady-wire.ts'
import type { Gate, OpenTransports } from './connections.ts'
import { Dialogue, type DialogueEvents, type SlowRecipients, type Wire } from './dialogue.ts'
import { endsSession, inPhase, type SmtpFailure } from './failure.ts'
import type { Farewells, Waiting } from './farewells.ts'
import type { LoginOf } from './login/logins.ts'
import type { Envelope } from './mail/envelope.ts'
import { type Outgoing, offerOf, outgoingOf } from './mail/outgoing.ts'
import type { Reply } from './reply.ts'
import { type SessionCaps, SessionTally, type Suspicion } from './session-caps.ts'
import {
  DEFAULT_PIPELINE_DEPTH,
  type Phase,
  type PipeliningLevel,
  type SessionShape,
  type SmtpTarget,
} from './target.ts'
import { type Receiver, type TlsSessionCache, Transport } from './transport.ts'

/** What all lanes of one thread share. */
export interface SenderOptions {
  readonly clock: Clock
  readonly model: 'open' | 'closed'
  readonly targets: readonly SmtpTarget[]
  /** How the sessions of a worker log in, where they do not all log in alike. */
  readonly logins?: ((worker: number) => LoginOf) | undefined
  readonly mail: Mail
  readonly shape: SessionShape
  /** Think time and clients that break off; undefined: none. */
  readonly unsteady?: { readonly behaviour: ClientBehaviour; readonly seed: number } | undefined
  readonly tlsSessions: TlsSessionCache
  /** Open connections, so that an abort can end them. */
  readonly transports: OpenTransports
  readonly connectGate: Gate
  readonly farewells: Farewells
  readonly sessionCaps: SessionCaps
  readonly behindTheEnd: BehindTheEnd
  readonly onSample: (sample: Sample) => void
  readonly onSessionOpened: () => void
  /** Told when a message goes to a new session because the server had ended its own. */
  readonly onReconnect: () => void
  /** Told how a session failed at RSET, after its messages had their outcomes. QUIT is the farewells' job. */
  readonly onSessionFailure: (failure: Failure, target: number) => void
  /** Told of a message whose recipients had to wait for their answers. */
  readonly onSlowRecipients: (slow: SlowRecipients, target: number) => void
  /** Told of every reply of every session; `target` is an index into the targets. */
  readonly onReply?: ((reply: Reply, phase: Phase, target: number) => void) | undefined
}

/**
 * A lane that sends by SMTP, one session after another, each to the next of the targets. The number of its worker
 * says at which it begins, so that they do not all begin at the first server.
 */
export function smtpLane(options: SenderOptions, worker: number): Lane {
  const firstTarget = worker % options.targets.length
  const loginOf = options.logins?.(worker)
  // All sessions of a worker count, so that they come from all local addresses alike, and reach each target from all.
  let sessions = worker
  const turnOf = () => Math.floor(sessions++ / options.targets.length)
  return (feed) =>
    new Promise((resolve, reject) => {
      new SmtpLane(options, feed, { firstTarget, loginOf, turnOf }, { resolve, reject }).begin()
    })
}

interface LaneStart {
  readonly firstTarget: number
  readonly loginOf: LoginOf | undefined
  /** Of the next session. */
  readonly turnOf: () => number
}

/** What a session leaves to the one after it. */
interface SessionEnd {
  /** Taken from the feed but not begun: the session had ended in the meantime. */
  readonly unsent?: Ticket
  /** When its response time starts, in Clock milliseconds, if a first attempt has set that. */
  readonly dueMs?: number
  /** The server ended it after a message had its outcome, before the next one was taken. */
  readonly isLost?: true
  /** Why the session was given up: the next one to the same target shows whether it was full. */
  readonly suspicion?: Suspicion
}

/** A message that comes a second time. */
interface Unsent {
  readonly ticket: Ticket
  readonly dueMs?: number
}

const NOTHING_LEFT: SessionEnd = {}
const NONE_REFUSED = { refusals: [], refusedPlaces: [] } as const

/** Session after session, message after message: hears how each goes and decides what follows. */
class SmtpLane implements DialogueEvents, Receiver, Waiting {
  readonly #options: SenderOptions
  readonly #feed: Feed
  readonly #settle: { resolve(): void; reject(error: unknown): void }
  #target: number
  readonly #loginOf: LoginOf | undefined
  readonly #turnOf: () => number
  /** Envelope sender of the session's account, if it has one. */
  #sender: string | undefined
  /** What the previous session left. Its suspicion is settled by this one's first message. */
  #before = NOTHING_LEFT

  // Of the session at hand, from connect to QUIT or to its first failure.
  #transport!: Transport
  #dialogue!: Dialogue
  #unsteady: UnsteadyWire | undefined
  #tally = new SessionTally()
  #left = 0
  #isFirst = true
  #pipelining: PipeliningLevel = 'off'
  /** Kept from session to session, as long as the servers offer the same. */
  #outgoing!: Outgoing
  #offer: number | undefined
  /** Why it is being given up. */
  #doubt: Suspicion | undefined

  /** The message at hand. */
  #current = new Attempt()
  /** The next one's envelope may be pipelined behind this one's data. */
  #mayFollow = false
  /** The envelope that was. */
  #followed: Envelope | undefined
  /** Made where one follows: at other levels a session would hold it for nothing. */
  #following: Attempt | undefined
  /** The envelope of the message at hand went out with the end of the one before it. */
  #isBehindTheEnd = false

  // At level `chunks`; the message at hand is then the first of those that are on their way.
  /** Kept from session to session: it holds the octets of as many messages as may be on their way. */
  #batch: Batch | undefined
  #isBatching = false
  /** The dialogue waits for the replies to a message. */
  #awaitsReplies = false
  /** Nothing is on its way, and no message is due. */
  #isIdle = false
  /** Taken from the feed, and sent behind a message whose session said goodbye. */
  readonly #unsent: Unsent[] = []

  constructor(
    options: SenderOptions,
    feed: Feed,
    { firstTarget, loginOf, turnOf }: LaneStart,
    settle: { resolve(): void; reject(error: unknown): void },
  ) {
    this.#options = options
    this.#feed = feed
    this.#target = firstTarget
    this.#loginOf = loginOf
    this.#turnOf = turnOf
    this.#settle = settle
  }

  begin(): void {
    this.#take(this.#feed.take(), this.#start)
  }

  proceed(nowMs: number): void {
    try {
      if (this.#isBatching) this.#batch?.noteGone(this.#transport, nowMs)
      this.#dialogue.proceed(nowMs)
      // Not message by message: what is answered at once is followed by one write.
      if (this.#isBatching && !this.#isIdle) this.#fill(nowMs)
    } catch (error) {
      this.#settle.reject(error)
    }
  }

  /** Goes on with the ticket, at once where there is one. */
  #take(ticket: Ticket | undefined, goOn: (ticket: Ticket | undefined) => void): void {
    if (ticket !== undefined) goOn(ticket)
    else
      this.#feed.next((next) => {
        try {
          goOn(next)
        } catch (error) {
          this.#settle.reject(error)
        }
      })
  }

  readonly #start = (ticket: Ticket | undefined): void => {
    const { sessionCaps, connectGate, onReconnect } = this.#options
    const { unsent, isLost, suspicion, dueMs } = this.#before
    if (ticket === undefined) {
      if (suspicion !== undefined) sessionCaps.settle(suspicion, undefined)
      this.#settle.resolve()
      return
    }
    if (unsent !== undefined || isLost === true) onReconnect()
    connectGate.enter(() => this.#open(ticket, dueMs))
  }

  #open(ticket: Ticket, dueMs: number | undefined): void {
    const { targets, clock, transports, tlsSessions, shape, onReply } = this.#options
    const index = this.#target
    const target = this.#logIn(targets[index] as SmtpTarget)
    this.#begin(this.#current, ticket, dueMs)
    this.#isFirst = true
    this.#followed = undefined
    const onTaken = onReply && ((reply: Reply, phase: Phase) => onReply(reply, phase, index))
    const transport = Transport.connect(target, clock, {
      replyTimeoutMs: shape.replyTimeoutMs,
      tlsSessions,
      onTaken,
      turn: this.#turnOf(),
    })
    this.#transport = transport
    transports.add(transport, index)
    this.#dialogue = new Dialogue(this.#wireTo(transport), this.#current, { target }, this)
    transport.receiver = this
    this.#dialogue.open(this.#current.sentMs)
    // The run was aborted meanwhile. In a microtask, or the stack would grow with the messages that are left.
    if (transport.failure !== undefined) queueMicrotask(() => this.proceed(clock.nowMs()))
  }

  #wireTo(transport: Transport): Wire {
    const { unsteady, clock } = this.#options
    if (unsteady === undefined) return transport
    this.#unsteady = new UnsteadyWire(transport, { ...unsteady, clock }, this.#current)
    return this.#unsteady
  }

  #logIn(target: SmtpTarget): SmtpTarget {
    if (this.#loginOf === undefined) return target
    const login = this.#loginOf(target)
    if (login.sender !== this.#sender) this.#offer = undefined
    this.#sender = login.sender
    return login.target
  }

  refused(failure: SmtpFailure): void {
    this.#sample(failure)
    this.#leave(NOTHING_LEFT)
    this.#options.connectGate.leave()
  }

  opened(): void {
    const { connectGate, onSessionOpened, mail, shape } = this.#options
    onSessionOpened()
    const { capabilities } = this.#dialogue
    const { pipelining = shape.pipelining } = this.#options.targets[this.#target] as SmtpTarget
    this.#pipelining = levelOffered(pipelining, capabilities)
    const offer = offerOf(capabilities)
    if (offer !== this.#offer) {
      this.#outgoing = outgoingOf(mail, capabilities, this.#sender)
      this.#offer = offer
      this.#batch = undefined
    }
    this.#tally = new SessionTally()
    this.#left = shape.messagesPerSession
    this.#doubt = undefined
    if (this.#pipelining === 'chunks') this.#beginBatch()
    else this.#send()
    // Last: the next lane connects at once.
    connectGate.leave()
  }

  /** Starts an attempt at the ticket's message now. */
  #begin(attempt: Attempt, ticket: Ticket, dueMs?: number, sentMs = this.#options.clock.nowMs()): void {
    const { model } = this.#options
    // In the closed model a message is due when its worker first gets to it.
    const isDueByClock = model === 'open' || ticket.isRetry === true
    attempt.begin(ticket, dueMs ?? (isDueByClock ? ticket.dueMs : sentMs), sentMs)
  }

  /** `sent`: its envelope, where that is out already. */
  #send(sent?: Envelope): void {
    if (sent === undefined && this.#endsUnsent(this.#current)) {
      // In a microtask, or the stack would grow with all that cannot be sent.
      queueMicrotask(this.#pass)
      return
    }
    this.#left--
    const { sessionCaps, behindTheEnd } = this.#options
    this.#isBehindTheEnd = sent !== undefined
    this.#mayFollow =
      this.#left > 0 &&
      this.#pipelining === 'transactions' &&
      !sessionCaps.isDoubted(this.#target, this.#tally) &&
      behindTheEnd.mayFollow(this.#target)
    if (this.#unsteady?.begin(this.#current) === true) this.#mayFollow = false
    this.#followed = undefined
    const envelope = sent ?? this.#outgoing.envelopeOf(this.#current.message)
    this.#dialogue.begin(this.#current, envelope, this.#pipelining !== 'off', sent !== undefined)
  }

  goAhead(): void {
    if (this.#mayFollow) this.#takeFollowing()
    const octets = this.#outgoing.writer.octets(this.#current.message, this.#followed)
    this.#dialogue.message(octets, this.#followed)
  }

  #takeFollowing(): void {
    for (let next = this.#feed.take(); next !== undefined; next = this.#feed.take()) {
      this.#following ??= new Attempt()
      this.#begin(this.#following, next)
      if (this.#endsUnsent(this.#following)) continue
      this.#followed = this.#outgoing.envelopeOf(next.message)
      return
    }
  }

  /** True for a message that cannot go to this server, which has ended then. */
  #endsUnsent(attempt: Attempt): boolean {
    const failure = this.#outgoing.refusalOf(attempt.message)
    if (failure === undefined) return false
    this.#record(attempt, failure, { ...NONE_REFUSED, nowMs: this.#options.clock.nowMs() })
    return true
  }

  readonly #pass = (): void => {
    try {
      this.#takeNext()
    } catch (error) {
      this.#settle.reject(error)
    }
  }

  ended(): void {
    if (this.#isBatching) {
      this.#endedInBatch()
      return
    }
    const { failure, needsReset, begun } = this.#dialogue
    // Only in a session that was in use before; in a new one it is how the message ended.
    if (!this.#isFirst && isEndOfSession(failure, begun)) {
      this.#leaveUnsent(this.#current)
      return
    }
    if (this.#isBehindTheEnd) {
      const { behindTheEnd } = this.#options
      if (isOutOfPlace(failure, needsReset)) {
        behindTheEnd.refuse(this.#target, failure)
        this.#sendAgain()
        return
      }
      behindTheEnd.note(this.#target, failure, begun)
    }
    this.#sample(failure)
    const { slowRecipients } = this.#dialogue
    if (slowRecipients !== undefined) this.#options.onSlowRecipients(slowRecipients, this.#target)
    // A lost connection may have left replies for the message that follows, which then ends by them.
    const isGone =
      this.#transport.failure !== undefined && (this.#followed === undefined || this.#dialogue.wasBrokenOff)
    if (isGone || (failure !== undefined && endsSession(failure))) this.#leaveAfter(failure)
    else if (needsReset) this.#dialogue.reset()
    else this.#goOn()
  }

  /** By itself, in the same session where that goes on: its times are those of this second attempt. */
  #sendAgain(): void {
    if (this.#transport.failure !== undefined) {
      this.#leaveUnsent(this.#current)
      return
    }
    this.#left++
    const { ticket, dueMs } = this.#current
    this.#sendNext(ticket, dueMs)
  }

  cleared(failure: SmtpFailure | undefined): void {
    if (failure === undefined) {
      this.#goOn()
      return
    }
    // The message has its outcome; what became of the session is reported separately.
    if (failure.failure.class !== 'aborted')
      this.#options.onSessionFailure({ ...failure.failure, phase: 'reset' }, this.#target)
    this.#leave(NOTHING_LEFT)
  }

  /** After a message that leaves the session usable. */
  #goOn(): void {
    this.#noteEnd()
    if (this.#followed !== undefined) {
      this.#swap()
      this.#send(this.#followed)
      return
    }
    this.#takeNext()
  }

  #takeNext(): void {
    if (this.#left <= 0) {
      this.#sayGoodbye()
      return
    }
    const unsent = this.#takeUnsent()
    if (unsent !== undefined) {
      this.#sendNext(unsent.ticket, unsent.dueMs)
      return
    }
    const ticket = this.#feed.take()
    if (ticket === undefined) this.#transport.rest()
    this.#take(ticket, this.#next)
  }

  /** What this message shows of how many the session takes. */
  #noteEnd(): void {
    const { sessionCaps } = this.#options
    const { failure, needsReset } = this.#dialogue
    const tally = this.#tally
    tally.note(failure)
    if (failure === undefined) sessionCaps.noteTaken(this.#target, tally)
    // A session that is full from its first message on would be followed by another like it.
    else if (!this.#isFirst)
      this.#doubt =
        sessionCaps.suspect(this.#target, tally, failure, refusesMail(failure, needsReset)) ?? this.#doubt
    if (this.#doubt !== undefined) this.#left = 0
    this.#isFirst = false
  }

  #swap(): void {
    const ended = this.#current
    this.#current = this.#following as Attempt
    this.#following = ended
  }

  readonly #next = (ticket: Ticket | undefined): void => {
    if (this.#mayGoOn(ticket)) this.#sendNext(ticket)
  }

  /** False when the session has ended: there is nothing more to send, or the server closed it. */
  #mayGoOn(ticket: Ticket | undefined): ticket is Ticket {
    if (ticket === undefined) {
      this.#sayGoodbye()
      return false
    }
    // The server ended the session while it was idle: no failure of this message.
    if (this.#transport.failure !== undefined || this.#transport.hasUnreadInput) {
      this.#leave({ unsent: ticket })
      return false
    }
    return true
  }

  #sendNext(ticket: Ticket, dueMs?: number): void {
    this.#begin(this.#current, ticket, dueMs)
    this.#dialogue.nowMs = this.#current.sentMs
    this.#send()
  }

  #beginBatch(): void {
    const { shape, targets } = this.#options
    this.#batch ??= new Batch(this.#outgoing, shape.pipelineDepth ?? DEFAULT_PIPELINE_DEPTH)
    this.#batch.begin(targets[this.#target]?.protocol === 'lmtp')
    this.#isBatching = true
    if (this.#endsUnsent(this.#current)) return
    this.#left--
    this.#batch.add(this.#current)
  }

  /** Writes as many messages as may be on their way; not until half of them have ended: one write for many. */
  #fill(nowMs: number): void {
    const batch = this.#batch as Batch
    const transport = this.#transport
    if (batch.isWriting || (batch.count * 2 > batch.depth && !batch.hasAdded)) return
    if (batch.count === 0 && (transport.failure !== undefined || transport.hasUnreadInput)) {
      this.#leave(this.#left > 0 ? { isLost: true } : NOTHING_LEFT)
      return
    }
    do {
      while (batch.hasRoom && this.#mayAdd(batch)) {
        const unsent = this.#takeUnsent()
        const ticket = unsent?.ticket ?? this.#feed.take()
        if (ticket === undefined) break
        this.#begin(batch.spare, ticket, unsent?.dueMs, nowMs)
        if (this.#endsUnsent(batch.spare)) continue
        this.#left--
        batch.add(batch.spare)
      }
      if (!batch.hasAdded) break
      batch.write(transport, nowMs)
    } while (!batch.isWriting)
    if (batch.count === 0) this.#afterBatch()
    else if (!this.#awaitsReplies) this.#follow(nowMs)
  }

  /** Messages behind one that is to show whether the session is full would be deferred with it. */
  #mayAdd({ count }: Batch): boolean {
    return this.#left > 0 && (count === 0 || !this.#options.sessionCaps.isDoubted(this.#target, this.#tally))
  }

  #takeUnsent(): Unsent | undefined {
    if (this.#unsent.length === 0) return undefined
    this.#options.onReconnect()
    return this.#unsent.shift()
  }

  /** The next replies are to the first message that is on its way. */
  #follow(nowMs: number): void {
    const batch = this.#batch as Batch
    this.#awaitsReplies = true
    this.#current = batch.first
    this.#dialogue.nowMs = nowMs
    const { replyTimeoutMs } = this.#options.shape
    this.#dialogue.follow(this.#current, batch.envelope, replyTimeoutMs + batch.transferMs)
    if (this.#transport.failure !== undefined) this.#dialogue.proceed(nowMs)
  }

  #afterBatch(): void {
    if (this.#left <= 0) {
      this.#sayGoodbye()
      return
    }
    this.#isIdle = true
    this.#transport.rest()
    this.#take(undefined, this.#nextInBatch)
  }

  readonly #nextInBatch = (ticket: Ticket | undefined): void => {
    this.#isIdle = false
    if (!this.#mayGoOn(ticket)) return
    const batch = this.#batch as Batch
    const message = batch.spare
    this.#begin(message, ticket)
    if (!this.#endsUnsent(message)) {
      this.#left--
      batch.add(message)
    }
    this.#fill(message.sentMs)
  }

  #endedInBatch(): void {
    const batch = this.#batch as Batch
    const { failure, begun, saidGoodbye, nowMs } = this.#dialogue
    if (!this.#isFirst && isEndOfSession(failure, begun)) {
      this.#leaveBatch(batch)
      return
    }
    this.#sample(failure)
    batch.shift()
    this.#awaitsReplies = false
    if (failure?.outcome === 'failed') {
      // All of each had been sent, or was about to be: nobody can say whether the server has it.
      for (const message of batch.clear()) {
        this.#current = message
        this.#sample(inPhase(failure, 'accept'))
      }
      this.#leave(NOTHING_LEFT)
    } else if (saidGoodbye) this.#leaveBatch(batch)
    else {
      this.#noteEnd()
      if (batch.count > 0) this.#follow(nowMs)
    }
  }

  /** The server has taken none of those that are on their way: they go to a new session. */
  #leaveBatch(batch: Batch): void {
    const [first, ...others] = batch.clear().map(({ ticket, dueMs }): Unsent => ({ ticket, dueMs }))
    this.#unsent.unshift(...others)
    this.#leave(first === undefined ? NOTHING_LEFT : { unsent: first.ticket, ...dueOf(first) })
  }

  /** What is on its way in the batch stays its own: a session is opened with an attempt of the lane. */
  #endBatch(): void {
    if (!this.#isBatching) return
    this.#isBatching = false
    this.#awaitsReplies = false
    this.#batch?.clear()
    this.#current = new Attempt()
  }

  #sayGoodbye(): void {
    this.#endBatch()
    this.#options.farewells.say(this.#transport, this.#target, this)
  }

  /** Its goodbye has ended, or is not waited for any more. */
  goOn(): void {
    this.#goTo(this.#doubt === undefined ? NOTHING_LEFT : { suspicion: this.#doubt })
  }

  fail(error: unknown): void {
    this.#settle.reject(error)
  }

  /** A message whose envelope was already sent is not begun: none of its data was sent, so nobody has it. */
  #leaveAfter(failure: SmtpFailure | undefined): void {
    if (this.#followed === undefined) {
      const goesOn = this.#left > 0 && (failure === undefined || !endsSession(failure))
      this.#leave(goesOn ? { isLost: true } : NOTHING_LEFT)
    } else if (failure?.failure.class === 'aborted') {
      this.#swap()
      this.#sample(failure)
      this.#leave(NOTHING_LEFT)
    } else this.#leaveUnsent(this.#following as Attempt)
  }

  #leaveUnsent({ ticket, dueMs }: Attempt): void {
    this.#leave({ unsent: ticket, dueMs })
  }

  #leave(end: SessionEnd): void {
    this.#endBatch()
    this.#transport.destroy()
    this.#options.transports.delete(this.#transport)
    this.#goTo(end)
  }

  #goTo(ended: SessionEnd): void {
    const unsent = ended.unsent === undefined ? this.#unsent.shift() : undefined
    const end = unsent === undefined ? ended : { ...ended, unsent: unsent.ticket, ...dueOf(unsent) }
    this.#before = end
    // The same server gets what it broke off, and shows whether its session was full.
    const goesOn = end.unsent !== undefined || end.isLost === true || end.suspicion !== undefined
    if (!goesOn) this.#target = (this.#target + 1) % this.#options.targets.length
    this.#take(end.unsent ?? this.#feed.take(), this.#start)
  }

  /** Records the one sample of this message. */
  #sample(failure: SmtpFailure | undefined): void {
    this.#record(this.#current, failure, this.#dialogue)
    const { suspicion } = this.#before
    if (suspicion === undefined) return
    this.#options.sessionCaps.settle(suspicion, takesMail(failure))
    this.#before = NOTHING_LEFT
  }

  #record(sample: Attempt, failure: SmtpFailure | undefined, refusing: Refusing): void {
    const { onSample, mail } = this.#options
    sample.target = this.#target
    sample.bytes = mail.sizeOf(sample.message)
    sample.end(failure, refusing)
    onSample(sample)
  }
}

function dueOf({ dueMs }: Unsent): { readonly dueMs?: number } {
  return dueMs === undefined ? {} : { dueMs }
}

/** Whether a session takes mail; undefined where its first message does not show it. */
function takesMail(failure: SmtpFailure | undefined): boolean | undefined {
  if (failure === undefined) return true
  return failure.outcome === 'deferred' && failure.failure.code !== 421 ? false : undefined
}
