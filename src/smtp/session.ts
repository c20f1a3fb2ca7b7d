import type { LookupFunction } from 'node:net'
import type { Clock } from '../engine/clock.ts'
import { foreignText } from '../foreign-text.ts'
import { asksForAnotherMechanism, authDialogue, CANCEL, isChallenge, mechanismsFor } from './auth.ts'
import { type Capabilities, NO_CAPABILITIES, readCapabilities } from './capabilities.ts'
import { asFailure, failed, refused, refusedTwice, SmtpFailure } from './failure.ts'
import { isCompletion, type Reply } from './reply.ts'
import {
  AUTH_MECHANISMS,
  type AuthMechanism,
  type Credentials,
  PHASES,
  type Phase,
  type SmtpTarget,
} from './target.ts'
import { type OnReplyTaken, Transport } from './transport.ts'

/** TLS sessions to resume, see sessionKey (RFC 8446 2.2, RFC 5077). */
export type TlsSessionCache = Map<string, Buffer>

export interface SessionOptions {
  readonly target: SmtpTarget
  readonly clock: Clock
  /** How long each reply may take. */
  readonly timeoutMs: number
  readonly tlsSessions: TlsSessionCache
  /** Told every transport that is opened, so that a run that is aborted can end it. */
  readonly onTransport: (transport: Transport) => void
  readonly onReplyTaken?: OnReplyTaken | undefined
  /** Go on without a login where the server offers none, instead of failing. */
  readonly authOptional?: boolean
  /** Resolves the server's name instead of the system, for those who may not connect to every address. */
  readonly lookup?: LookupFunction
}

/** An SMTP connection that is ready for MAIL. */
export interface Session {
  readonly transport: Transport
  readonly capabilities: Capabilities
}

/** Adds the time since its last call to a phase. */
export class PhaseTimer {
  readonly #clock: Clock
  readonly phasesMs: Float64Array
  #sinceMs: number

  constructor(clock: Clock) {
    this.#clock = clock
    this.phasesMs = new Float64Array(PHASES.length).fill(Number.NaN)
    this.#sinceMs = clock.nowMs()
  }

  /** The time since the last mark was spent in `phase`. Returns now. */
  mark(phase: Phase): number {
    const nowMs = this.#clock.nowMs()
    const index = PHASE_INDEX[phase]
    const before = this.phasesMs[index] as number
    this.phasesMs[index] = (Number.isNaN(before) ? 0 : before) + nowMs - this.#sinceMs
    this.#sinceMs = nowMs
    return nowMs
  }

  reset(nowMs: number): void {
    this.#sinceMs = nowMs
    this.phasesMs.fill(Number.NaN)
  }
}

export const PHASE_INDEX = Object.fromEntries(PHASES.map((phase, index) => [phase, index])) as Record<
  Phase,
  number
>

/** Connects and says hello: connect, TLS, greeting, EHLO, AUTH. Throws SmtpFailure. */
export async function openSession(options: SessionOptions, timer: PhaseTimer): Promise<Session> {
  const { target, clock, timeoutMs, onReplyTaken, lookup } = options
  const transport = Transport.connect(target, clock, { timeoutMs, onTaken: onReplyTaken, lookup })
  options.onTransport(transport)
  try {
    await transport.connected()
    timer.mark('connect')
    if (target.tls.mode === 'implicit') await secure(options, transport, timer)
    transport.enter('greeting')
    const greeting = await transport.reply()
    // RFC 5321 4.3.2: 220, or it is no greeting; another 2yz answers what nobody has asked yet.
    if (greeting.code !== 220) throw refused(greeting, 'greeting')
    timer.mark('greeting')
    let capabilities = await hello(transport, timer)
    if (target.tls.mode === 'starttls') {
      await startTls(options, transport, timer, capabilities)
      capabilities = await hello(transport, timer)
    }
    if (target.auth !== undefined) await authenticate(options, transport, timer, capabilities)
    return { transport, capabilities }
  } catch (error) {
    transport.destroy()
    throw error
  }
}

async function secure(options: SessionOptions, transport: Transport, timer: PhaseTimer): Promise<void> {
  const { target, tlsSessions } = options
  transport.enter('tls')
  const key = sessionKey(target)
  await transport.secure(target, tlsSessions.get(key), (session) => tlsSessions.set(key, session))
  timer.mark('tls')
}

/** Resumption skips the check of the certificate: only what was checked alike may be resumed. */
function sessionKey({ host, port, tls }: SmtpTarget): string {
  return JSON.stringify([host, port, tls])
}

async function command(transport: Transport, phase: Phase, line: string): Promise<Reply> {
  transport.enter(phase)
  transport.write(`${line}\r\n`, 1)
  return transport.reply()
}

/** EHLO; where the server does not know it, HELO (RFC 5321 4.1.1.1, 4.1.4). */
async function hello(transport: Transport, timer: PhaseTimer): Promise<Capabilities> {
  const name = transport.addressLiteral
  const ehlo = await command(transport, 'ehlo', `EHLO ${name}`)
  if ([500, 501, 502, 504, 550].includes(ehlo.code)) await helo(transport, ehlo)
  else if (!isCompletion(ehlo)) throw refused(ehlo, 'ehlo')
  timer.mark('ehlo')
  return isCompletion(ehlo) ? readCapabilities(ehlo) : NO_CAPABILITIES
}

/** HELO after EHLO was refused. Where HELO's reply says nothing of its own, EHLO's tells why. */
async function helo(transport: Transport, ehlo: Reply): Promise<void> {
  let reply: Reply
  try {
    reply = await command(transport, 'ehlo', `HELO ${transport.addressLiteral}`)
  } catch (error) {
    // Some servers refuse and close at once: what they said stands.
    const ended = error instanceof SmtpFailure && /^connection_/.test(error.failure.class)
    throw ended ? refused(ehlo, 'ehlo') : error
  }
  if (isCompletion(reply)) return
  // 503, bad sequence: the server counts HELO as a step behind the EHLO that it refused.
  const saysNothing = [500, 502, 503, 504].includes(reply.code)
  throw saysNothing ? refusedTwice(ehlo, 'HELO', reply, 'ehlo') : refusedTwice(reply, 'EHLO', ehlo, 'ehlo')
}

async function startTls(
  options: SessionOptions,
  transport: Transport,
  timer: PhaseTimer,
  capabilities: Capabilities,
): Promise<void> {
  if (!capabilities.startTls) throw failed('tls', 'tls', 'the server does not offer STARTTLS')
  const reply = await command(transport, 'tls', 'STARTTLS')
  if (!isCompletion(reply, 220)) throw refused(reply, 'tls')
  // RFC 3207 6 and CVE-2011-0411: what came in the clear must not be taken for what came under TLS.
  if (transport.hasUnreadInput || transport.failure?.failure.class === 'protocol_error')
    throw failed('tls', 'tls', 'the server sent more plaintext after its reply to STARTTLS')
  await secure(options, transport, timer)
}

/** AUTH by the best mechanism that both know; by the next where the server does not want that one after all. */
async function authenticate(
  options: SessionOptions,
  transport: Transport,
  timer: PhaseTimer,
  capabilities: Capabilities,
): Promise<void> {
  const { auth } = options.target
  if (auth === undefined || (options.authOptional === true && capabilities.auth.length === 0)) return
  const mechanisms = mechanismsFor(capabilities.auth, transport.encrypted, auth.mechanism)
  if (mechanisms.length === 0) throw noMechanism(capabilities, auth)
  let reply: Reply | undefined
  for (const mechanism of mechanisms) {
    reply = await logIn(transport, mechanism, auth)
    if (!asksForAnotherMechanism(reply)) break
  }
  if (reply !== undefined && !isCompletion(reply, 235)) throw refused(reply, 'auth', 'auth')
  timer.mark('auth')
}

function noMechanism(capabilities: Capabilities, { mechanism }: Credentials): SmtpFailure {
  const offered = capabilities.auth.length === 0 ? 'no AUTH' : foreignText(capabilities.auth.join(' '))
  const needed = mechanism === undefined ? listed(AUTH_MECHANISMS) : `${mechanism}, which is asked for,`
  return failed('auth', 'auth', `the server offers ${offered}; ${needed} is needed`)
}

function listed(names: readonly string[]): string {
  return `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`
}

/** One dialogue of RFC 4954 4, up to the reply that ends it. */
async function logIn(
  transport: Transport,
  mechanism: AuthMechanism,
  credentials: Credentials,
): Promise<Reply> {
  const dialogue = authDialogue(mechanism, credentials)
  let reply = await command(transport, 'auth', dialogue.command)
  while (reply.code === 334) {
    const challenge = reply.lines[0] ?? ''
    const answer = dialogue.answer(challenge)
    if (answer !== CANCEL) {
      reply = await command(transport, 'auth', answer)
      continue
    }
    // 501 by right; whatever comes, the challenge is what was wrong.
    await command(transport, 'auth', CANCEL).catch(asFailure)
    const why = isChallenge(challenge)
      ? `more challenges than AUTH ${mechanism} has answers for`
      : `a challenge that is not base64 (RFC 4954 4): ${foreignText(`334 ${challenge}`)}`
    throw failed('protocol_error', 'auth', why)
  }
  return reply
}
