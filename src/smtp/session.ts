import type { LookupFunction } from 'node:net'
import type { Clock } from '../engine/clock.ts'
import type { Capabilities } from './capabilities.ts'
import { Dialogue } from './dialogue.ts'
import { endsSession, inPhase, type SmtpFailure } from './failure.ts'
import type { Envelope } from './mail/envelope.ts'
import type { Reply } from './reply.ts'
import { type Phase, PhaseTimer, type SmtpTarget } from './target.ts'
import { type TlsSessionCache, Transport } from './transport.ts'

export type { TlsSessionCache } from './transport.ts'

export interface SessionOptions {
  readonly target: SmtpTarget
  readonly clock: Clock
  /** How long each reply may take. */
  readonly replyTimeoutMs: number
  readonly tlsSessions: TlsSessionCache
  /** Told every transport that is opened, so that whoever aborts can end it. */
  readonly onTransport?: (transport: Transport) => void
  /** Go on without a login where the server offers none, instead of failing. */
  readonly authOptional?: boolean
  /** Resolves the server's name instead of the system, for those who may not connect to every address. */
  readonly lookup?: LookupFunction
  /** Told of every reply, and in which phase it came. */
  readonly onReply?: (reply: Reply, phase: Phase) => void
}

/** An SMTP connection that is ready for MAIL, for those who send message by message and wait. */
export interface Session {
  readonly transport: Transport
  readonly capabilities: Capabilities
  readonly dialogue: Dialogue
  /** How long its opening took, by phase. */
  readonly timer: PhaseTimer
}

/** Connects and says hello: connect, TLS, greeting, EHLO, AUTH. Rejects with SmtpFailure. */
export function openSession(options: SessionOptions): Promise<Session> {
  const { target, clock, replyTimeoutMs, tlsSessions, lookup, authOptional, onReply: onTaken } = options
  const transport = Transport.connect(target, clock, { replyTimeoutMs, tlsSessions, lookup, onTaken })
  const timer = new PhaseTimer()
  options.onTransport?.(transport)
  return new Promise((resolve, reject) => {
    const opened = () => {
      transport.receiver = undefined
      resolve({ transport, capabilities: dialogue.capabilities, dialogue, timer })
    }
    const events = { ...UNASKED, opened, refused: reject }
    const dialogue = new Dialogue(transport, timer, { target, authOptional }, events)
    transport.receiver = dialogue
    timer.start(clock.nowMs())
    dialogue.open(clock.nowMs())
    dialogue.proceed(clock.nowMs())
  })
}

/**
 * Sends one message. Resolves with the reply by which it was taken, and why single recipients were refused.
 * Rejects with SmtpFailure; the session can still be used where the server has only refused.
 */
export function sendOne(
  { dialogue, transport, capabilities }: Session,
  envelope: Envelope,
  octets: readonly Buffer[],
): Promise<{ readonly reply: Reply; readonly refusals: readonly SmtpFailure[] }> {
  return new Promise((resolve, reject) => {
    const end = (failure = dialogue.failure) => {
      transport.receiver = undefined
      if (failure !== undefined && endsSession(failure)) transport.destroy()
      if (failure === undefined) resolve(dialogue)
      else reject(failure)
    }
    dialogue.events = {
      ...UNASKED,
      goAhead: () => dialogue.message(octets, undefined),
      ended: () => (dialogue.needsReset ? dialogue.reset() : end()),
      cleared: end,
    }
    transport.receiver = dialogue
    dialogue.nowMs = transport.nowMs()
    dialogue.begin(new PhaseTimer(), envelope, capabilities.pipelining)
    dialogue.proceed(dialogue.nowMs)
  })
}

/** QUIT, and the server's goodbye, whatever it is: 221 by right (RFC 5321 4.1.1.10). Rejects with SmtpFailure. */
export function quit(transport: Transport, timeoutMs: number): Promise<Reply> {
  transport.enter('quit', timeoutMs)
  transport.write('QUIT\r\n', 1)
  return replyOf(transport)
}

/** The next reply. Rejects with SmtpFailure. */
export function replyOf(transport: Transport): Promise<Reply> {
  return until(transport, () => transport.take())
}

/** The kernel has taken all that was written, or a refusal came before. Rejects with SmtpFailure. */
export function flushed(transport: Transport): Promise<true> {
  return until(transport, () => transport.flush() || undefined)
}

/** What `ready` gives, as soon as it is there. One caller at a time. */
export function until<T>(transport: Transport, ready: () => T | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    const proceed = () => {
      const it = ready()
      const { failure, state } = transport
      if (it === undefined && failure === undefined) return
      transport.receiver = undefined
      if (it !== undefined) resolve(it)
      else reject(inPhase(failure as SmtpFailure, state.phase))
    }
    transport.receiver = { proceed }
    proceed()
  })
}

function unasked(): never {
  throw new Error('a dialogue told of what it was not asked for')
}

const UNASKED = { opened: unasked, goAhead: unasked, ended: unasked, cleared: unasked, refused: unasked }
