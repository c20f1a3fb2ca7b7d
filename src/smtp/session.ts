import type { Clock } from '../load/clock.ts'
import { authDialogue, chooseMechanism } from './auth.ts'
import { type Capabilities, NO_CAPABILITIES, readCapabilities } from './capabilities.ts'
import { failed, refused } from './failure.ts'
import type { Reply } from './reply.ts'
import { PHASES, type Phase, type SmtpTarget } from './target.ts'
import { type OnReplyTaken, Transport } from './transport.ts'

/** TLS sessions to resume, see sessionKey (RFC 8446 2.2, RFC 5077). */
export type TlsSessionCache = Map<string, Buffer>

export interface SessionOptions {
  readonly target: SmtpTarget
  readonly clock: Clock
  /** How long each reply may take. RFC 5321 4.5.3.2 has minutes; a load test wants to know sooner. */
  readonly timeoutMs: number
  readonly tlsSessions: TlsSessionCache
  /** Told every transport that is opened, so that a run that is aborted can end it. */
  readonly onTransport: (transport: Transport) => void
  readonly onReplyTaken?: OnReplyTaken | undefined
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
  const { target, timeoutMs } = options
  const transport = Transport.connect(target, options.clock, options.onReplyTaken)
  options.onTransport(transport)
  try {
    await transport.connected(timeoutMs)
    timer.mark('connect')
    if (target.tls.mode === 'implicit') await secure(options, transport, timer)
    transport.enter('greeting', timeoutMs)
    expectCode(await transport.reply(), 220, 'greeting')
    timer.mark('greeting')
    let capabilities = await hello(options, transport, timer)
    if (target.tls.mode === 'starttls') {
      await startTls(options, transport, timer, capabilities)
      capabilities = await hello(options, transport, timer)
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
  transport.enter('tls', options.timeoutMs)
  const key = sessionKey(target)
  await transport.secure(target, tlsSessions.get(key), (session) => tlsSessions.set(key, session))
  timer.mark('tls')
}

/** Resumption skips the check of the certificate: only what was checked alike may be resumed. */
function sessionKey({ host, port, tls }: SmtpTarget): string {
  return JSON.stringify([host, port, tls])
}

async function command(
  options: SessionOptions,
  transport: Transport,
  phase: Phase,
  line: string,
): Promise<Reply> {
  transport.enter(phase, options.timeoutMs)
  transport.write(`${line}\r\n`)
  return transport.reply()
}

/** EHLO; where the server does not know it, HELO (RFC 5321 4.1.1.1, 4.1.4). */
async function hello(
  options: SessionOptions,
  transport: Transport,
  timer: PhaseTimer,
): Promise<Capabilities> {
  const name = transport.addressLiteral
  let reply = await command(options, transport, 'ehlo', `EHLO ${name}`)
  let capabilities = NO_CAPABILITIES
  if ([500, 501, 502, 504, 550].includes(reply.code))
    reply = await command(options, transport, 'ehlo', `HELO ${name}`)
  else capabilities = readCapabilities(reply)
  expectCode(reply, 250, 'ehlo')
  timer.mark('ehlo')
  return capabilities
}

async function startTls(
  options: SessionOptions,
  transport: Transport,
  timer: PhaseTimer,
  capabilities: Capabilities,
): Promise<void> {
  if (!capabilities.startTls) throw failed('tls', 'tls', 'the server does not offer STARTTLS')
  const reply = await command(options, transport, 'tls', 'STARTTLS')
  if (reply.code !== 220) throw refused(reply, 'tls')
  // RFC 3207 6 and CVE-2011-0411: what came in the clear must not be taken for what came under TLS.
  if (transport.hasUnreadInput)
    throw failed('tls', 'tls', 'the server sent more in the clear after its reply to STARTTLS')
  await secure(options, transport, timer)
}

async function authenticate(
  options: SessionOptions,
  transport: Transport,
  timer: PhaseTimer,
  capabilities: Capabilities,
): Promise<void> {
  const { auth } = options.target
  if (auth === undefined) return
  const mechanism = chooseMechanism(capabilities.auth, transport.encrypted)
  if (mechanism === undefined) {
    const offered = capabilities.auth.join(' ') || 'no AUTH'
    throw failed('auth', 'auth', `the server offers ${offered}; PLAIN, LOGIN or CRAM-MD5 is needed`)
  }
  const dialogue = authDialogue(mechanism, auth)
  let reply = await command(options, transport, 'auth', dialogue.command)
  for (let challenges = 0; reply.code === 334; challenges++) {
    if (challenges === 3)
      throw failed('protocol_error', 'auth', `more than 3 challenges to AUTH ${mechanism}`)
    reply = await command(options, transport, 'auth', dialogue.answer(reply.lines[0] ?? ''))
  }
  if (reply.code !== 235) throw refused(reply, 'auth', 'auth')
  timer.mark('auth')
}

function expectCode(reply: Reply, code: number, phase: Phase): void {
  if (reply.code !== code) throw refused(reply, phase)
}
