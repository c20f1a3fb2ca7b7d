import { foreignText } from '../text/foreign-text.ts'
import { type Capabilities, NO_CAPABILITIES, readCapabilities } from './capabilities.ts'
import { failed, inPhase, refused, refusedTwice, type SmtpFailure } from './failure.ts'
import {
  type AuthDialogue,
  asksForAnotherMechanism,
  authDialogue,
  CANCEL,
  isChallenge,
  mechanismsFor,
} from './login/auth.ts'
import type { Envelope } from './mail/envelope.ts'
import { isCompletion, isGoAhead, type Reply } from './reply.ts'
import {
  AUTH_MECHANISMS,
  type AuthMechanism,
  LEAST_BYTES_PER_MS,
  type Login,
  PHASE_INDEX,
  type Phase,
  type PhaseTimer,
  type SmtpTarget,
  TOKEN_MECHANISMS,
} from './target.ts'
import type { Transport } from './transport.ts'

/** As much of a connection as a dialogue needs: nothing in it waits. */
export type Wire = Pick<
  Transport,
  | ('replyTimeoutMs' | 'addressLiteral' | 'encrypted' | 'isOpen' | 'failure' | 'hasUnreadInput' | 'nowMs')
  | ('enter' | 'take' | 'write' | 'writeMessage' | 'expectFewer' | 'flush' | 'secure' | 'destroy')
>

/** Told how a dialogue goes on. Each may call `begin`, `message` or `reset` at once. */
export interface DialogueEvents {
  /** The session is ready for MAIL. */
  opened(): void
  /** The session could not be opened. */
  refused(failure: SmtpFailure): void
  /** The server waits for the message: call `message`. */
  goAhead(): void
  /** The message has ended; see `failure`, `begun`, `refusals` and `needsReset`. */
  ended(): void
  /** RSET was answered by 2yz, or failed. */
  cleared(failure: SmtpFailure | undefined): void
}

export interface DialogueOptions {
  readonly target: Pick<SmtpTarget, 'tls' | 'auth' | 'protocol' | 'ehloName' | 'xclient'>
  /** Continue without a login where the server offers none, instead of failing. */
  readonly authOptional?: boolean | undefined
}

/** Recipients of a message that the server let wait: its answers to RCPT, one after another. */
export interface SlowRecipients {
  /** Answered after SLOW_RECIPIENT_MS or later. */
  answered: number
  /** Those of them that were refused then. */
  refused: number
  /** The time limit ended the wait; 1 at most. */
  unanswered: number
  longestMs: number
}

/** Longer than a look-up takes on a busy server; servers that let unknown recipients wait on purpose take 5 s and more. */
export const SLOW_RECIPIENT_MS = 2_000

const NONE: readonly SmtpFailure[] = []
const NO_PLACES: readonly number[] = Object.freeze([])
const NO_REPLY = undefined as unknown as Reply
/** RFC 5321 4.2.2, 4.2.4: EHLO, or EHLO from us, is not known. */
const NO_EHLO = [500, 501, 502, 504, 550]
/** 503, bad sequence: the server counts HELO as a step behind the EHLO that it refused. */
const SAYS_NOTHING = [500, 502, 503, 504]

/** One place in the dialogue. */
interface Step {
  readonly waitsFor: 'open' | 'flush' | 'reply' | 'nothing'
  readonly phase: Phase
  /** It has come. The next step is begun here; otherwise the dialogue is idle. */
  readonly come: (dialogue: Dialogue, reply: Reply) => void
  /** The connection ended instead. By default that ends the opening, or the message. */
  readonly lost: ((dialogue: Dialogue, failure: SmtpFailure) => void) | undefined
}

function step(waitsFor: Step['waitsFor'], phase: Phase, come: Step['come']): Step {
  return { waitsFor, phase, come, lost: undefined }
}

/**
 * The client's side of an SMTP session, without I/O: replies in, octets and events out. It knows no socket,
 * timer or promise; `proceed` tells it that something has arrived. The table #STEPS is the whole dialogue.
 */
export class Dialogue {
  /** In the order of RFC 5321 3.1 to 3.3, RFC 3207 4, RFC 4954 4 and RFC 2920 3.1. */
  static readonly #STEPS = {
    idle: step('nothing', 'quit', () => {}),

    connect: step('open', 'connect', (d) => {
      d.timer.mark('connect', d.nowMs)
      if (d.#options.target.tls.mode === 'implicit') d.#secure()
      else d.#go(Dialogue.#STEPS.greeting)
    }),
    tls: step('open', 'tls', (d) => {
      d.timer.mark('tls', d.nowMs)
      if (d.#options.target.tls.mode === 'implicit') d.#go(Dialogue.#STEPS.greeting)
      else d.#hello()
    }),
    greeting: step('reply', 'greeting', (d, reply) => {
      // RFC 5321 4.3.2: only 220 is a greeting.
      if (reply.code !== 220) return d.#shut(refused(reply, 'greeting'))
      d.timer.mark('greeting', d.nowMs)
      d.#hello()
    }),
    ehlo: step('reply', 'ehlo', (d, reply) => {
      if (isCompletion(reply)) return d.#greeted(readCapabilities(reply))
      // RFC 2033 4.1: to LHLO there is no other hello.
      if (d.#isLmtp || !NO_EHLO.includes(reply.code)) return d.#shut(refused(reply, 'ehlo'))
      // RFC 5321 4.1.1.1, 4.1.4.
      d.#ehlo = reply
      d.#ask(Dialogue.#STEPS.helo, `HELO ${d.#name}\r\n`)
    }),
    helo: {
      ...step('reply', 'ehlo', (d, reply) => {
        if (isCompletion(reply)) return d.#greeted(NO_CAPABILITIES)
        // Where HELO's reply gives no reason, EHLO's does.
        const twice = SAYS_NOTHING.includes(reply.code)
          ? refusedTwice(d.#ehlo, 'HELO', reply, 'ehlo')
          : refusedTwice(reply, 'EHLO', d.#ehlo, 'ehlo')
        d.#shut(twice)
      }),
      // Some servers refuse and close at once: the refusal counts.
      lost: (d, failure) =>
        d.#shut(failure.failure.class.startsWith('connection_') ? refused(d.#ehlo, 'ehlo') : failure),
    },
    startTls: step('reply', 'tls', (d, reply) => {
      if (!isCompletion(reply, 220)) return d.#shut(refused(reply, 'tls'))
      // RFC 3207 6 and CVE-2011-0411: plaintext must not be taken for something that came under TLS.
      if (d.wire.hasUnreadInput || d.wire.failure?.failure.class === 'protocol_error')
        return d.#shut(failed('tls', 'tls', 'the server sent more plaintext after its reply to STARTTLS'))
      d.#secure()
    }),
    // After it the server greets anew, and offers what it offers to that client.
    xclient: step('reply', 'ehlo', (d, reply) => {
      if (!isCompletion(reply, 220)) return d.#shut(refused(reply, 'ehlo'))
      d.#hasIntroduced = true
      d.#hello()
    }),
    auth: step('reply', 'auth', (d, reply) => {
      if (reply.code === 334) return d.#answer(reply.lines[0] ?? '')
      if (asksForAnotherMechanism(reply) && d.#mechanisms.length > 0) return d.#logIn()
      if (!isCompletion(reply, 235)) return d.#shut(refused(reply, 'auth', 'auth'))
      const { unproved } = d.#auth
      if (unproved !== undefined) return d.#shut(failed('auth', 'auth', unproved))
      d.timer.mark('auth', d.nowMs)
      d.events.opened()
    }),
    // Usually 501; whatever it is, the challenge was the error.
    cancel: step('reply', 'auth', (d) => d.#shut(d.failure as SmtpFailure)),

    mail: {
      ...step('reply', 'envelope', (d, reply) => {
        d.#isMailTaken = isCompletion(reply)
        if (!d.#isMailTaken) d.failure = refused(reply, 'envelope')
        if (reply.code === 421 || (!d.#isMailTaken && !d.#isPipelined)) {
          d.timer.mark('envelope', d.nowMs)
          return d.#end(d.failure, false, reply.code !== 421)
        }
        d.#nextRecipient()
      }),
      lost: (d, failure) => d.#end(failure, false, false),
    },
    rcpt: step('reply', 'envelope', (d, reply) => {
      d.#noteWait(isCompletion(reply))
      if (!d.#noteRecipient(reply)) return d.#nextRecipient()
      d.failure ??= d.#whyNobody()
      d.timer.mark('envelope', d.nowMs)
      if (d.failure?.failure.code === 421) return d.#end(d.failure)
      if (d.failure !== undefined && !d.#isPipelined) return d.#end(d.failure, true)
      d.#go(Dialogue.#STEPS.data)
      d.#next(Dialogue.#STEPS.data, 'DATA\r\n')
    }),
    data: step('reply', 'data', (d, reply) => {
      d.timer.mark('data', d.nowMs)
      // The first refusal is the reason; later ones in the pipeline only echo it.
      if (reply.code >= 400) return d.#end(d.failure ?? refused(reply, 'data'), d.#isMailTaken)
      // 2yz to DATA shows that replies are out of step, so earlier ones prove nothing.
      if (!isGoAhead(reply)) return d.#end(refused(reply, 'data'))
      if (d.failure === undefined) return d.events.goAhead()
      // RFC 2920 3.1: a server may take DATA after it refused all recipients; then a lone dot ends it.
      d.#ask(Dialogue.#STEPS.loneDot, '.\r\n')
    }),
    loneDot: step('reply', 'accept', (d) => d.#end(d.failure)),
    transfer: step('flush', 'transfer', (d) => {
      d.nowMs = d.wire.nowMs()
      d.timer.mark('transfer', d.nowMs)
      d.#go(d.#isLmtp ? Dialogue.#STEPS.deliver : Dialogue.#STEPS.accept)
    }),
    accept: step('reply', 'accept', (d, reply) => {
      d.timer.mark('accept', d.nowMs)
      d.reply = reply
      d.#end(isCompletion(reply) ? undefined : refused(reply, 'accept'))
    }),
    // RFC 2033 4.2: a reply to the final dot for each recipient that was taken, in their order.
    deliver: {
      ...step('reply', 'accept', (d, reply) => {
        if (d.#noteDelivery(reply)) d.#go(Dialogue.#STEPS.deliver)
      }),
      lost: (d, failure) => d.#loseDeliveries(failure),
    },
    // A message that went out whole, with others before and behind it (RFC 3030 2, RFC 2920 3.1). All of it is
    // under way from the start, so that a session that ends leaves in doubt what became of it: `accept`.
    chunkRset: step('reply', 'accept', (d, reply) => {
      if (reply.code === 421) return d.#closed(refused(reply, 'envelope'), false)
      if (!isCompletion(reply))
        return d.#end(failed('protocol_error', 'accept', `RSET answered with ${reply.code}`))
      d.#step = Dialogue.#STEPS.chunkMail
    }),
    chunkMail: step('reply', 'accept', (d, reply) => {
      if (reply.code === 421) return d.#closed(refused(reply, 'envelope'), false)
      if (!isCompletion(reply)) d.failure = refused(reply, 'envelope')
      d.#step = Dialogue.#STEPS.chunkRcpt
    }),
    chunkRcpt: step('reply', 'accept', (d, reply) => {
      if (reply.code === 421) return d.#closed(d.failure ?? refused(reply, 'envelope'))
      const areAll = d.#noteRecipient(reply)
      if (areAll) d.failure ??= d.#whyNobody()
      if (areAll && d.#isLmtp) d.#awaitDeliveries()
      else d.#step = areAll ? Dialogue.#STEPS.chunkLast : Dialogue.#STEPS.chunkRcpt
    }),
    chunkLast: step('reply', 'accept', (d, reply) => {
      d.timer.mark('accept', d.nowMs)
      d.reply = reply
      if (reply.code === 421) return d.#closed(d.failure ?? refused(reply, 'accept'))
      if (d.failure === undefined) return d.#end(isCompletion(reply) ? undefined : refused(reply, 'accept'))
      // 2yz for a message that has no envelope shows that the replies are out of step.
      d.#end(reply.code < 400 ? refused(reply, 'accept') : d.failure)
    }),
    chunkDeliver: {
      ...step('reply', 'accept', (d, reply) => {
        if (d.#noteDelivery(reply)) d.#step = Dialogue.#STEPS.chunkDeliver
      }),
      lost: (d, failure) => d.#loseDeliveries(failure),
    },
    rset: {
      ...step('reply', 'envelope', (d, reply) => {
        const text = `RSET answered with ${reply.code}`
        d.events.cleared(isCompletion(reply) ? undefined : failed('protocol_error', 'envelope', text))
      }),
      lost: (d, failure) => d.events.cleared(failure),
    },
  } as const satisfies Record<string, Step>

  readonly wire: Wire
  /** An open session may change hands. */
  events: DialogueEvents
  readonly #options: DialogueOptions
  readonly #isLmtp: boolean
  #step: Step = Dialogue.#STEPS.idle
  /** When the current replies arrived, in Clock milliseconds. */
  nowMs = 0
  capabilities: Capabilities = NO_CAPABILITIES
  /** Of the current message; while the session opens, of its first. */
  timer: PhaseTimer

  // While it opens.
  #ehlo!: Reply
  /** By XCLIENT. */
  #hasIntroduced = false
  #mechanisms: readonly AuthMechanism[] = []
  #auth!: AuthDialogue

  // Of the current message.
  #envelope!: Envelope
  #isPipelined = false
  #isMailTaken = false
  /** Recipients that were answered, and the refusals among them. */
  #answered = 0
  /** When the server turned to the recipient that it has not answered. */
  #waitsSinceMs = 0
  #refusals: SmtpFailure[] = []
  /** Places of the refused recipients in the envelope. */
  #refusedPlaces: number[] = []
  /** By LMTP: how many of the recipients still await a reply to the message. */
  #undelivered = 0
  /** By LMTP: the places of those that were taken, in their order, while any of them awaits a reply. */
  #takenPlaces: readonly number[] = []

  /** Why the message was not taken. */
  failure: SmtpFailure | undefined
  /** Undefined where no recipient had to wait. */
  slowRecipients: SlowRecipients | undefined
  /** The reply that took it. */
  reply!: Reply
  /** The server still holds a refused envelope. */
  needsReset = false
  /** 421 came in answer to a message of several: the server has taken nothing that was sent behind it (RFC 5321 3.8). */
  saidGoodbye = false
  /** False when the session ended, or 421 announced that, before any other reply to this envelope. */
  begun = true

  constructor(wire: Wire, timer: PhaseTimer, options: DialogueOptions, events: DialogueEvents) {
    this.wire = wire
    this.timer = timer
    this.#options = options
    this.#isLmtp = options.target.protocol === 'lmtp'
    this.events = events
  }

  /** Why recipients were refused while others were taken. */
  get refusals(): readonly SmtpFailure[] {
    return this.failure === undefined ? this.#refusals : NONE
  }

  /** The places of those recipients in the envelope, in the same order. */
  get refusedPlaces(): readonly number[] {
    return this.#refusedPlaces
  }

  /** By LMTP: the session broke off when the message was taken for some recipients, and before all were answered. */
  get wasBrokenOff(): boolean {
    return this.refusals.at(-1)?.outcome === 'failed'
  }

  /** Goes as far as the replies allow. `nowMs`: when they arrived. */
  proceed(nowMs: number): void {
    this.nowMs = nowMs
    const { wire } = this
    for (;;) {
      const { waitsFor, come } = this.#step
      let reply = NO_REPLY
      if (waitsFor === 'reply') {
        const taken = wire.take()
        if (taken === undefined) break
        reply = taken
      } else if (waitsFor === 'nothing' || !(waitsFor === 'flush' ? wire.flush() : wire.isOpen)) break
      this.#step = Dialogue.#STEPS.idle
      come(this, reply)
    }
    // More than once where messages follow whose replies will not come either.
    while (wire.failure !== undefined && this.#step.waitsFor !== 'nothing') this.#lose(wire.failure)
  }

  #lose(reason: SmtpFailure): void {
    const { lost, phase } = this.#step
    if (this.#step === Dialogue.#STEPS.rcpt && reason.failure.class === 'timeout') this.#noteNoAnswer()
    // Some servers refuse and close at once: the refusal counts.
    const failure = lost === undefined ? this.failure : undefined
    const ended = failure ?? inPhase(reason, phase)
    this.#step = Dialogue.#STEPS.idle
    if (lost !== undefined) lost(this, ended)
    else if (PHASE_INDEX[phase] <= PHASE_INDEX.auth) this.#shut(ended)
    else this.#end(ended)
  }

  /** Connect, TLS, greeting, EHLO, AUTH. */
  open(nowMs: number): void {
    this.nowMs = nowMs
    this.#go(Dialogue.#STEPS.connect)
  }

  /** MAIL, RCPT…, DATA up to 354. `isSent`: they were pipelined behind the previous message. */
  begin(timer: PhaseTimer, envelope: Envelope, isPipelined: boolean, isSent = false): void {
    this.#isPipelined = isPipelined
    this.#renew(timer, envelope)
    this.#go(Dialogue.#STEPS.mail)
    if (!isPipelined) this.wire.write(envelope.mail, 1)
    else if (!isSent) this.wire.write(envelope.whole, envelope.replies)
  }

  /** A message at level `chunks`, which is written, as is its RSET: its replies are the next to come. */
  follow(timer: PhaseTimer, envelope: Envelope, timeoutMs: number): void {
    this.#renew(timer, envelope)
    this.#go(Dialogue.#STEPS.chunkRset, timeoutMs)
  }

  #renew(timer: PhaseTimer, envelope: Envelope): void {
    this.timer = timer
    this.#envelope = envelope
    this.#answered = 0
    if (this.#refusals.length > 0) {
      this.#refusals = []
      this.#refusedPlaces = []
    }
    this.failure = undefined
    this.slowRecipients = undefined
    this.needsReset = false
    this.begun = true
  }

  /** Sends the message, whose final dot is in the last part, with the envelope that follows it there. */
  message(parts: readonly Buffer[], next: Envelope | undefined): void {
    let bytes = 0
    for (const part of parts) bytes += part.length
    this.#go(Dialogue.#STEPS.transfer, this.wire.replyTimeoutMs + bytes / LEAST_BYTES_PER_MS)
    let replies = 1
    if (this.#isLmtp) {
      replies = this.#envelope.rcpt.length - this.#refusals.length
      this.#beginDeliveries(replies)
    }
    this.wire.writeMessage(parts, next === undefined ? replies : replies + next.replies)
  }

  /** Clears a refused envelope on the server (RFC 5321 4.1.1.5). */
  reset(): void {
    this.#ask(Dialogue.#STEPS.rset, 'RSET\r\n')
  }

  #go(step: Step, timeoutMs = this.wire.replyTimeoutMs): void {
    this.#step = step
    this.wire.enter(step.phase, timeoutMs, this.nowMs)
  }

  #ask(step: Step, command: string): void {
    this.#go(step)
    this.wire.write(command, 1)
  }

  /** Next command; already sent where commands are pipelined. */
  #next(step: Step, command: string | undefined): void {
    this.#step = step
    if (!this.#isPipelined) this.wire.write(command as string, 1)
  }

  /** RFC 5321 4.5.3.2.3: each RCPT has a time limit of its own, however many are out. */
  #nextRecipient(): void {
    this.#waitsSinceMs = this.nowMs
    this.#go(Dialogue.#STEPS.rcpt)
    this.#next(Dialogue.#STEPS.rcpt, this.#envelope.rcpt[this.#answered])
  }

  #noteWait(wasTaken: boolean): void {
    const waitedMs = this.nowMs - this.#waitsSinceMs
    if (waitedMs < SLOW_RECIPIENT_MS) return
    const slow = this.#slow(waitedMs)
    slow.answered++
    if (!wasTaken) slow.refused++
  }

  #noteNoAnswer(): void {
    this.#slow(this.nowMs - this.#waitsSinceMs).unanswered++
  }

  #slow(waitedMs: number): SlowRecipients {
    this.slowRecipients ??= { answered: 0, refused: 0, unanswered: 0, longestMs: 0 }
    this.slowRecipients.longestMs = Math.max(this.slowRecipients.longestMs, waitedMs)
    return this.slowRecipients
  }

  #secure(): void {
    this.#go(Dialogue.#STEPS.tls)
    this.wire.secure()
  }

  #hello(): void {
    this.#ask(Dialogue.#STEPS.ehlo, `${this.#isLmtp ? 'LHLO' : 'EHLO'} ${this.#name}\r\n`)
  }

  get #name(): string {
    return this.#options.target.ehloName ?? this.wire.addressLiteral
  }

  #greeted(capabilities: Capabilities): void {
    this.timer.mark('ehlo', this.nowMs)
    this.capabilities = capabilities
    const { tls, auth, xclient } = this.#options.target
    if (tls.mode === 'starttls' && !this.wire.encrypted) {
      if (capabilities.startTls) this.#ask(Dialogue.#STEPS.startTls, 'STARTTLS\r\n')
      else this.#shut(failed('tls', 'tls', 'the server does not offer STARTTLS'))
      return
    }
    if (xclient !== undefined && !this.#hasIntroduced) {
      if (capabilities.xclient) this.#ask(Dialogue.#STEPS.xclient, `XCLIENT ${xclient}\r\n`)
      else this.#shut(failed('protocol_error', 'ehlo', 'the server does not offer XCLIENT'))
      return
    }
    if (auth === undefined || (this.#options.authOptional === true && capabilities.auth.length === 0)) {
      this.events.opened()
      return
    }
    this.#mechanisms = mechanismsFor(capabilities.auth, this.wire.encrypted, auth)
    if (this.#mechanisms.length > 0) this.#logIn()
    else this.#shut(noMechanism(capabilities, auth))
  }

  /** By the best mechanism that both sides know and the server has not refused. */
  #logIn(): void {
    const [mechanism, ...others] = this.#mechanisms
    this.#mechanisms = others
    this.#auth = authDialogue(mechanism as AuthMechanism, this.#options.target.auth as Login)
    this.#ask(Dialogue.#STEPS.auth, `${this.#auth.command}\r\n`)
  }

  /** RFC 4954 4. */
  #answer(challenge: string): void {
    const { answer, command } = this.#auth
    const text = answer(challenge)
    if (text === CANCEL) {
      const wrong = isChallenge(challenge)
        ? (this.#auth.problem ?? `more challenges than ${command.split(' ', 2).join(' ')} has answers for`)
        : `a challenge that is not base64 (RFC 4954 4): ${foreignText(`334 ${challenge}`)}`
      this.failure = failed('protocol_error', 'auth', foreignText(wrong))
    }
    this.#ask(text === CANCEL ? Dialogue.#STEPS.cancel : Dialogue.#STEPS.auth, `${text}\r\n`)
  }

  #shut(failure: SmtpFailure): void {
    this.wire.destroy()
    this.events.refused(failure)
  }

  /** Returns true for the last reply that counts: after 421 the server closes. */
  #noteRecipient(reply: Reply): boolean {
    if (!isCompletion(reply)) {
      this.#refusals.push(refused(reply, 'envelope'))
      this.#refusedPlaces.push(this.#answered)
    }
    this.#answered++
    const isEnd = reply.code === 421 && this.failure === undefined
    return isEnd || this.#answered === this.#envelope.rcpt.length
  }

  /** Why nobody gets the message: the session ends (421, RFC 5321 3.8), or all recipients were refused. */
  #whyNobody(): SmtpFailure | undefined {
    const last = this.#refusals.at(-1)
    if (last?.failure.code === 421) return last
    return this.#refusals.length === this.#envelope.rcpt.length ? this.#refusals[0] : undefined
  }

  /** At level `chunks` all was written before it was known how many recipients the server would take. */
  #awaitDeliveries(): void {
    const taken = this.#envelope.rcpt.length - this.#refusals.length
    // To a message without recipients there is one reply, which refuses it (RFC 2033 4.2).
    this.wire.expectFewer(this.#envelope.rcpt.length - Math.max(1, taken))
    this.#beginDeliveries(taken)
    this.#step = taken === 0 ? Dialogue.#STEPS.chunkLast : Dialogue.#STEPS.chunkDeliver
  }

  /** What became of the message for one recipient. True when there are more to be heard of. */
  #noteDelivery(reply: Reply): boolean {
    this.timer.mark('accept', this.nowMs)
    this.#undelivered--
    if (isCompletion(reply) && this.failure === undefined) this.reply = reply
    else {
      const failure = refused(reply, 'accept')
      // Out of place: the replies are out of step.
      if (failure.outcome === 'failed') {
        this.#end(failure)
        return false
      }
      this.#refuseDelivery(failure)
      // It ends the session: none of the others is answered (RFC 5321 3.8).
      if (reply.code === 421) {
        this.saidGoodbye = true
        this.#refuseRest(failure)
      }
    }
    if (this.#undelivered > 0) return true
    this.#endDeliveries()
    return false
  }

  #beginDeliveries(recipients: number): void {
    this.#undelivered = recipients
    if (this.#refusals.length === 0) {
      this.#takenPlaces = NO_PLACES
      return
    }
    const refusedPlaces = new Set(this.#refusedPlaces)
    this.#takenPlaces = this.#envelope.rcpt.flatMap((_, place) => (refusedPlaces.has(place) ? [] : place))
  }

  /** The recipient whose reply came last was refused the message. */
  #refuseDelivery(failure: SmtpFailure): void {
    const taken = this.#takenPlaces.length || this.#envelope.rcpt.length
    const index = taken - this.#undelivered - 1
    this.#refusals.push(failure)
    this.#refusedPlaces.push(this.#takenPlaces[index] ?? index)
  }

  #refuseRest(failure: SmtpFailure): void {
    while (this.#undelivered > 0) {
      this.#undelivered--
      this.#refuseDelivery(failure)
    }
  }

  /** The session broke off. Those that were answered have their message, or not; of the others nobody knows. */
  #loseDeliveries(failure: SmtpFailure): void {
    const answered = this.#envelope.rcpt.length - this.#undelivered
    if (answered === this.#refusals.length) {
      this.#end(this.failure ?? failure)
      return
    }
    this.#refuseRest(failure)
    this.#endDeliveries()
  }

  /** Taken for one recipient, it is taken; where all refuse it, the first tells why. */
  #endDeliveries(): void {
    const areAllRefused = this.#refusals.length === this.#envelope.rcpt.length
    this.#end(this.failure ?? (areAllRefused ? this.#refusals[0] : undefined))
  }

  #closed(failure: SmtpFailure, begun = true): void {
    this.saidGoodbye = true
    this.#end(failure, false, begun)
  }

  #end(failure: SmtpFailure | undefined, needsReset = false, begun = true): void {
    this.failure = failure
    this.needsReset = needsReset
    this.begun = begun
    this.events.ended()
  }
}

function noMechanism({ auth }: Capabilities, { mechanism, isToken = false }: Login): SmtpFailure {
  const offered = auth.length === 0 ? 'no AUTH' : foreignText(auth.join(' '))
  const known = isToken ? TOKEN_MECHANISMS : PASSWORD_MECHANISMS
  const all = `${known.slice(0, -1).join(', ')} or ${known.at(-1)}`
  const needed = mechanism === undefined ? all : `${mechanism}, which is asked for,`
  return failed('auth', 'auth', `the server offers ${offered}; ${needed} is needed`)
}

const PASSWORD_MECHANISMS = AUTH_MECHANISMS.filter(
  (mechanism) => !(TOKEN_MECHANISMS as readonly string[]).includes(mechanism),
)
