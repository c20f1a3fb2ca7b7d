import type { DialTarget } from '../dial.ts'
import { TRANSACTION_PHASES } from '../engine/sample.ts'
import type { ProxyProtocol } from '../proxy-protocol.ts'

/** Where and how to speak SMTP; plain data, so that it can cross threads. */
export interface SmtpTarget extends DialTarget {
  /** Name in results: `smtp-server-2` or `host:port`. */
  readonly name: string
  /** LMTP (RFC 2033); absent: SMTP. */
  readonly protocol?: 'lmtp'
  /** Name of the client in EHLO; absent: its own address. */
  readonly ehloName?: string
  /** Whose connections it passes on, as a balancer. */
  readonly proxy?: ProxyProtocol
  /** Attributes of XCLIENT (www.postfix.org/XCLIENT_README.html). */
  readonly xclient?: string
  /** Of a target that is a domain: the name of its exchanger (MX) by address, which its certificate has to have. */
  readonly exchangers?: Readonly<Record<string, string>>
  readonly tls: TlsOptions
  readonly auth?: Login
  /** The highest pipelining level that this server was seen to handle; absent: whatever is asked for. */
  readonly pipelining?: PipeliningLevel
}

export const TLS_MODES = ['none', 'starttls', 'implicit'] as const
/** Encryption: none, STARTTLS (RFC 3207), or TLS from the first octet (RFC 8314). */
export type TlsMode = (typeof TLS_MODES)[number]

export interface TlsOptions {
  readonly mode: TlsMode
  /** Verify the certificate; true unless told otherwise. */
  readonly verify: boolean
  /** PEM of a certificate to trust beside the system's, for servers of our own. */
  readonly ca?: string
  /** For SNI and the certificate; absent: the host. */
  readonly serverName?: string
  /** The oldest version to take; absent: TLS 1.2. */
  readonly minVersion?: TlsVersion
  /** PEM of the client's certificate, and of its key. */
  readonly cert?: string
  readonly key?: string
}

export const TLS_VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const
/** A version of TLS. */
export type TlsVersion = (typeof TLS_VERSIONS)[number]

/** SASL mechanisms that the client speaks, see AuthMechanism. */
export const AUTH_MECHANISMS = [
  'PLAIN',
  'LOGIN',
  'CRAM-MD5',
  'SCRAM-SHA-256',
  'XOAUTH2',
  'OAUTHBEARER',
] as const
/**
 * A SASL mechanism that the client speaks: PLAIN (RFC 4616), LOGIN (draft-murchison-sasl-login), CRAM-MD5
 * (RFC 2195), SCRAM-SHA-256 (RFC 7677); XOAUTH2 (Google) and OAUTHBEARER (RFC 7628) with a token.
 */
export type AuthMechanism = (typeof AUTH_MECHANISMS)[number]

/** Those that take a token in place of a password, the best first. */
export const TOKEN_MECHANISMS = ['OAUTHBEARER', 'XOAUTH2'] as const satisfies readonly AuthMechanism[]

/** A login by SMTP AUTH (RFC 4954), as plain data for the client. */
export interface Login {
  readonly user: string
  /** The password or the token. */
  readonly pass: string
  /** `pass` is a token: a mechanism for passwords is never chosen for it. */
  readonly isToken?: boolean
  /** File of the token, where it is looked up again as it changes. */
  readonly tokenFile?: string
  /** The only mechanism to try. */
  readonly mechanism?: AuthMechanism
}

/**
 * A login by SMTP AUTH (RFC 4954).
 *
 * @example
 * ```ts
 * { user: 'load', pass: process.env.SMTP_PASSWORD ?? '', mechanism: 'PLAIN' }
 * ```
 */
export interface Credentials {
  /** User name. */
  readonly user: string
  /**
   * Password, or with XOAUTH2 and OAUTHBEARER the token; shown as `***` in every report and log. Needed without
   * `tokenFile` and `tokenCommand`.
   */
  readonly pass?: string
  /**
   * File with nothing but a token, in place of `pass`: it goes by OAUTHBEARER (RFC 7628) or XOAUTH2. Read before each
   * load; a new one is found within a minute.
   */
  readonly tokenFile?: string
  /** Command of the shell that prints a token, in place of `pass`. Run before each load. */
  readonly tokenCommand?: string
  /**
   * The only mechanism to try. Default: the best that the server offers, then the next one after 504 or
   * 534. XOAUTH2 and OAUTHBEARER need a token, or to be asked for.
   */
  readonly mechanism?: AuthMechanism
}

/** From the least to the most; a level that a server does not offer falls back to the one before it. */
export const PIPELINING_LEVELS = ['off', 'commands', 'transactions', 'chunks'] as const
/**
 * How much is written before the reply is read: nothing, one envelope, the end of a message with the next
 * envelope (RFC 2920), or several whole messages as chunks (CHUNKING, RFC 3030).
 */
export type PipeliningLevel = (typeof PIPELINING_LEVELS)[number]

/** Messages on their way at a time, where nobody says how many. */
export const DEFAULT_PIPELINE_DEPTH = 8

/** What a session looks like: how it pipelines, how long it lasts, how patient it is. */
export interface SessionShape {
  readonly pipelining: PipeliningLevel
  /** Messages of a session that may be on their way at a time, at level `chunks`. Default: 8. */
  readonly pipelineDepth?: number
  /** Messages before QUIT and a new session; Infinity for no limit. */
  readonly messagesPerSession: number
  /** How long each reply may take. RFC 5321 4.5.3.2 has minutes; a load test wants to know sooner. */
  readonly replyTimeoutMs: number
}

/** Index = index into Sample.phasesMs. */
export const PHASES = TRANSACTION_PHASES
/** A phase of a transaction. */
export type Phase = (typeof PHASES)[number]

/** Slowest transfer that is not called a timeout. */
export const LEAST_BYTES_PER_MS = 100

export const PHASE_INDEX = Object.fromEntries(PHASES.map((phase, index) => [phase, index])) as Record<
  Phase,
  number
>

/** Milliseconds by phase; NaN where a phase did not happen. All times are Clock milliseconds. */
export class PhaseTimer {
  readonly phasesMs = new Float64Array(PHASES.length)
  #sinceMs = 0

  start(nowMs: number): void {
    this.#sinceMs = nowMs
    // fill() of so few leaves the optimised code for longer than this takes.
    for (let phase = 0; phase < this.phasesMs.length; phase++) this.phasesMs[phase] = Number.NaN
  }

  /** So much of the time since the last mark belongs to no phase. */
  leaveOut(ms: number): void {
    this.#sinceMs += ms
  }

  /** The time since the last mark was spent in `phase`. */
  mark(phase: Phase, nowMs: number): void {
    const index = PHASE_INDEX[phase]
    const before = this.phasesMs[index] as number
    this.phasesMs[index] = (Number.isNaN(before) ? 0 : before) + nowMs - this.#sinceMs
    this.#sinceMs = nowMs
  }
}
