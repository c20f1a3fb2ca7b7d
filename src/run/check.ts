import { systemClock } from '../engine/clock.ts'
import { MailstormError } from '../error.ts'
import { firstEnvelope } from '../mail/envelopes/envelopes.ts'
import type { Options } from '../options/options.ts'
import { nameOfServer } from '../options/server-address.ts'
import { type Capabilities, levelOffered } from '../smtp/capabilities.ts'
import { SmtpFailure } from '../smtp/failure.ts'
import { envelopeFor } from '../smtp/mail/envelope.ts'
import { dotStuff } from '../smtp/mail/message.ts'
import { replyText } from '../smtp/reply.ts'
import { openSession, quit, type Session, sendOne } from '../smtp/session.ts'
import { PHASE_INDEX, type PipeliningLevel, type SmtpTarget } from '../smtp/target.ts'
import type { TlsSeen } from '../smtp/transport.ts'
import { foreignText } from '../text/foreign-text.ts'
import { type Servers, startServers } from './ground/servers.ts'
import { findLevel, trialMessage } from './ground/trial.ts'
import { resolveSpec, type Workload } from './spec/spec.ts'

/** What one server is, before any load is sent to it. */
export interface ServerCheck {
  readonly target: string
  /** `failed`: nothing can be sent to it as it is asked for; `problems`: some of it cannot. */
  readonly verdict: 'ready' | 'problems' | 'failed'
  /** Where it was found, the first to be tried first. */
  readonly addresses: readonly string[]
  readonly protocol: 'SMTP' | 'LMTP'
  /** First line of its greeting. */
  readonly greeting?: string
  readonly connect_ms?: number
  readonly greeting_ms?: number
  readonly capabilities?: Capabilities
  /** Absent when it neither uses nor offers TLS. */
  readonly tls?: TlsCheck
  readonly login?: LoginCheck
  /** The highest pipelining level: offered, and with `send` found by a trial. */
  readonly pipelining?: { readonly level: PipeliningLevel; readonly tried: boolean; readonly why?: string }
  /** What it answers to one message; only with `send`. */
  readonly message?: { readonly taken: boolean; readonly reply: string }
  /** Why what was asked for was not tried, as the end of a sentence. */
  readonly untried?: { readonly login?: string; readonly pipelining?: string; readonly message?: string }
  readonly problems: readonly Problem[]
}

export interface TlsCheck {
  /** Whether the load would use it; otherwise it is only offered. */
  readonly used: boolean
  readonly seen?: TlsSeen
  /** Why it could not be agreed on. */
  readonly failure?: string
}

export interface LoginCheck {
  readonly user: string
  readonly accepted: boolean
  readonly reply?: string
}

/** What is wrong, and what to do about it. */
export interface Problem {
  readonly what: string
  readonly advice: string
}

const GOODBYE_MS = 1_000
const END_OF_DATA = Buffer.from('.\r\n')

/**
 * Looks at the one server that the options name, as a load would meet it: a few sessions, and a message only with
 * `send`. Throws MailstormError when the options make no sense, or its address must not be sent to.
 */
export async function checkServer(
  options: Options,
  { send }: { readonly send: boolean },
): Promise<ServerCheck> {
  const { mode: _mode, ...spec } = options.custom
  const workload = resolveSpec(spec, options.allowPublicTargets)
  const found = await foundServer(options)
  if ('problem' in found) return failedCheck(options, found.problem)
  await using servers = found.servers
  // Its login is looked up when it is ready.
  const { tls, client } = workload
  const bare = { tls, auth: undefined, ...(client === undefined ? {} : { client }) }
  const [target] = servers.targetsFor(bare)
  if (target === undefined) throw new RangeError('there is no server to check')
  const about = {
    target: target.name,
    addresses: target.addresses ?? [],
    protocol: target.protocol === 'lmtp' ? 'LMTP' : 'SMTP',
  } as const
  const unreachable = await reached(servers, workload)
  if (unreachable !== undefined) return { ...about, verdict: 'failed', problems: [unreachable] }
  const [withLogin = target] = servers.targetsFor(workload)
  const look = new Look(withLogin, workload)
  await look.take(send, options.tlsVerify)
  return { ...about, ...look.seen, verdict: look.verdict, problems: look.problems }
}

/** What a name server does not know is told of that server, as what does not answer is; the others are looked at. */
async function foundServer(
  options: Options,
): Promise<{ readonly servers: Servers } | { readonly problem: Problem }> {
  try {
    return { servers: await startServers(options, () => undefined) }
  } catch (error) {
    if (!(error instanceof MailstormError && NAME_CODES.includes(error.code))) throw error
    return { problem: problemOf(error) }
  }
}

const NAME_CODES = ['UNKNOWN_HOST', 'NO_EXCHANGER']

function failedCheck({ targets }: Options, problem: Problem): ServerCheck {
  const [address] = targets
  if (address === undefined) throw new RangeError('there is no server to check')
  const protocol = address.scheme === 'lmtp' ? 'LMTP' : 'SMTP'
  return { target: nameOfServer(address), verdict: 'failed', addresses: [], protocol, problems: [problem] }
}

/** Why it does not greet as a load expects. */
async function reached(servers: Servers, workload: Workload): Promise<Problem | undefined> {
  try {
    await servers.ready(workload)
    return undefined
  } catch (error) {
    if (!(error instanceof MailstormError)) throw error
    return problemOf(error)
  }
}

/** Its page says already which server it is. */
function problemOf({ message }: MailstormError): Problem {
  const [why = '', ...advice] = message.split('\n')
  return {
    what: capital(
      why.replace(/^Failed to (?:reach [^ ]+|find the (?:host "[^"]+"|mail exchangers of [^ ]+)): /, ''),
    ),
    advice: advice.join(' ').trim(),
  }
}

type Seen = { -readonly [K in keyof ServerCheck]?: ServerCheck[K] }

class Look {
  readonly seen: Seen = {}
  readonly problems: Problem[] = []
  readonly #target: SmtpTarget
  readonly #workload: Workload
  #isUsable = false

  constructor(target: SmtpTarget, workload: Workload) {
    this.#target = target
    this.#workload = workload
  }

  get verdict(): ServerCheck['verdict'] {
    if (!this.#isUsable) return 'failed'
    return this.problems.length > 0 ? 'problems' : 'ready'
  }

  async take(send: boolean, verify: boolean): Promise<void> {
    // Whatever its certificate is worth, the rest can be told; that it is worth nothing is told as well.
    const { auth, ...trusting } = { ...this.#target, tls: { ...this.#target.tls, verify: false } }
    const usesTls = trusting.tls.mode !== 'none'
    const opened = await this.#open(trusting, (session) => this.#note(session, usesTls))
    if (!opened) return
    this.#isUsable = true
    if (usesTls && !this.#judgeTls(verify)) {
      const why = 'its certificate is not trusted'
      this.seen.untried = {
        ...(auth === undefined ? {} : { login: why }),
        ...(send ? { pipelining: why, message: why } : {}),
      }
      await this.#findLevel(trusting, false)
      return
    }
    if (!usesTls) await this.#tryStartTls(trusting)
    if (auth !== undefined && !(await this.#logIn({ ...trusting, auth }))) {
      const why = 'the login failed'
      if (send) this.seen.untried = { pipelining: why, message: why }
      await this.#findLevel(trusting, false)
      return
    }
    const target = auth === undefined ? trusting : { ...trusting, auth }
    await this.#findLevel(target, send)
    if (send) await this.#open(target, (session) => this.#send(session))
  }

  /** False when no session could be opened, which is then a problem. */
  async #open(target: SmtpTarget, use: (session: Session) => Promise<void> | void): Promise<boolean> {
    const failure = await this.#session(target, use)
    if (failure === undefined) return true
    this.#problem(
      `${PHASE_WORDS[failure.failure.phase] ?? capital(failure.failure.phase)} failed: ${failure.message}.`,
      adviceOn(failure.failure.phase),
    )
    return false
  }

  async #session(
    target: SmtpTarget,
    use: (session: Session) => Promise<void> | void,
  ): Promise<SmtpFailure | undefined> {
    let session: Session
    try {
      session = await openSession({
        target,
        clock: systemClock,
        replyTimeoutMs: this.#workload.replyTimeoutMs,
        tlsSessions: new Map(),
        onReply: (reply, phase) => {
          if (phase === 'greeting') this.seen.greeting ??= foreignText(replyText(reply))
        },
      })
    } catch (error) {
      if (error instanceof SmtpFailure) return error
      throw error
    }
    try {
      await use(session)
    } finally {
      await quit(session.transport, GOODBYE_MS).catch(() => undefined)
      session.transport.destroy()
    }
    return undefined
  }

  #note({ capabilities, timer, transport }: Session, usesTls: boolean): void {
    this.seen.capabilities = capabilities
    this.seen.connect_ms = timer.phasesMs[PHASE_INDEX.connect] ?? 0
    this.seen.greeting_ms = timer.phasesMs[PHASE_INDEX.greeting] ?? 0
    const { security } = transport
    if (usesTls && security !== undefined) this.seen.tls = { used: true, seen: security }
  }

  /** False when nothing more is to be said to it, least of all a password: a load would not trust it either. */
  #judgeTls(verify: boolean): boolean {
    const distrust = this.seen.tls?.seen?.distrust
    if (distrust === undefined || !verify) return true
    const [meaning, advice] = CERTIFICATES[distrust] ?? [undefined, OWN_CERTIFICATE]
    this.#problem(
      `Its certificate is not trusted: ${distrust}${meaning === undefined ? '' : ` (${meaning})`}.`,
      advice,
    )
    return false
  }

  /** It is only told of: the load does not use it. */
  async #tryStartTls(target: SmtpTarget): Promise<void> {
    if (this.seen.capabilities?.startTls !== true) return
    const secured = { ...target, tls: { ...target.tls, mode: 'starttls' } } as const
    const failure = await this.#session(secured, ({ transport }) => {
      const { security } = transport
      this.seen.tls = { used: false, ...(security === undefined ? {} : { seen: security }) }
    })
    if (failure === undefined) return
    this.seen.tls = { used: false, failure: failure.message }
    this.#problem(
      `It offers STARTTLS, and the handshake fails: ${failure.message}.`,
      "Look into the server's log; senders that insist on TLS cannot reach it.",
    )
  }

  async #logIn(target: SmtpTarget & { readonly auth: NonNullable<SmtpTarget['auth']> }): Promise<boolean> {
    const { user } = target.auth
    const failure = await this.#session(target, () => undefined)
    if (failure === undefined) {
      this.seen.login = { user, accepted: true }
      return true
    }
    this.seen.login = { user, accepted: false, reply: failure.message }
    const offersNone = this.seen.capabilities?.auth.length === 0
    this.#problem(
      `The login of ${user} failed: ${failure.message}.`,
      offersNone ? (this.seen.tls === undefined ? NO_AUTH : NO_AUTH_YET) : ADVICE.auth,
    )
    return false
  }

  async #findLevel(target: SmtpTarget, send: boolean): Promise<void> {
    const { capabilities } = this.seen
    if (capabilities === undefined) return
    const offered = levelOffered('chunks', capabilities)
    if (!send) {
      this.seen.pipelining = { level: offered, tried: false }
      return
    }
    const { sender, recipients } = firstEnvelope(this.#workload.mail)
    const { used, why } = await findLevel({
      target,
      clock: systemClock,
      asked: offered,
      sender,
      recipient: recipients[0] ?? '',
      timeoutMs: this.#workload.replyTimeoutMs,
      mayDeliver: true,
    })
    this.seen.pipelining = { level: used, tried: true, ...(why === undefined ? {} : { why }) }
  }

  async #send(session: Session): Promise<void> {
    const { sender, recipients } = firstEnvelope(this.#workload.mail)
    const recipient = recipients[0] ?? ''
    const octets = Buffer.from(trialMessage({ sender, recipient }))
    const envelope = envelopeFor(sender, [recipient], session.capabilities.size ? octets.length : undefined)
    try {
      const { reply } = await sendOne(session, envelope, [dotStuff(octets), END_OF_DATA])
      this.seen.message = { taken: true, reply: foreignText(replyText(reply)) }
    } catch (error) {
      if (!(error instanceof SmtpFailure)) throw error
      this.seen.message = { taken: false, reply: error.message }
      const at = error.failure.phase === 'envelope' ? `for ${recipient} from ${sender}` : 'as it is'
      // RFC 4954 6: 530, authentication required.
      const wantsLogin = error.failure.code === 530 && this.seen.login === undefined
      this.#problem(
        `It does not take a message ${at}: ${error.message}.`,
        wantsLogin ? 'Log in: STRESS_AUTH_USER and STRESS_AUTH_PASS.' : ADVICE.envelope,
      )
    }
  }

  #problem(what: string, advice: string): void {
    this.problems.push({ what, advice })
  }
}

const PHASE_WORDS: Readonly<Record<string, string>> = { tls: 'TLS', ehlo: 'EHLO', auth: 'The login' }

function capital(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1)
}

function adviceOn(phase: string): string {
  return Object.hasOwn(ADVICE, phase) ? ADVICE[phase as keyof typeof ADVICE] : ADVICE.greeting
}

const NO_AUTH = 'Leave out the login, or turn AUTH on in the server.'
const NO_AUTH_YET =
  'Many servers offer AUTH only over TLS: give the target as smtp+starttls://host:port, or leave out the login.'
const OWN_CERTIFICATE =
  'Set STRESS_TLS_VERIFY=0 for a certificate of your own, or have it signed by an authority that Node knows (NODE_EXTRA_CA_CERTS).'

/** What the codes of OpenSSL and Node mean, and what to do. */
const CERTIFICATES: Readonly<Record<string, readonly [meaning: string, advice: string]>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: ['it is signed by itself', OWN_CERTIFICATE],
  SELF_SIGNED_CERT_IN_CHAIN: ['its authority is not known', OWN_CERTIFICATE],
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: ['its authority is not known', OWN_CERTIFICATE],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: [
    'its authority is not known, or the server leaves out certificates in between',
    OWN_CERTIFICATE,
  ],
  CERT_HAS_EXPIRED: ['it is too old', 'Renew it on the server, or set STRESS_TLS_VERIFY=0.'],
  CERT_NOT_YET_VALID: [
    'it is not valid yet',
    'Look at the clocks of server and client, or set STRESS_TLS_VERIFY=0.',
  ],
  ERR_TLS_CERT_ALTNAME_INVALID: [
    'it is for another name',
    'Give the target by a name that the certificate has, or that name by --tls-server-name.',
  ],
}

/** What to do, by the phase in which a session failed. */
const ADVICE = {
  connect: 'Check that the server listens there, and that no firewall stands between.',
  tls: 'Correct the encryption (--tls none, starttls or implicit), or give the target as smtp://, smtp+starttls:// or smtps://.',
  greeting: "Look into the server's log.",
  ehlo: "Look into the server's log; some servers ask for a name that resolves (--ehlo-name).",
  auth: 'Correct STRESS_AUTH_USER and STRESS_AUTH_PASS, or the mechanism (STRESS_AUTH_MECHANISM).',
  envelope: 'Give addresses that it takes (--sender, --recipient), and let it relay for this client.',
} as const
