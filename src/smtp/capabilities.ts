import type { Reply } from './reply.ts'
import type { PipeliningLevel } from './target.ts'

/** What a server offers in its reply to EHLO (RFC 5321 4.1.1.1); nothing after HELO. */
export interface Capabilities {
  /** PIPELINING (RFC 2920). */
  readonly pipelining: boolean
  /** CHUNKING (RFC 3030). */
  readonly chunking: boolean
  /** SIZE (RFC 1870). */
  readonly size: boolean
  /** Largest message that it accepts, in octets; 0 when it names no limit (RFC 1870 4). */
  readonly sizeLimit: number
  /** 8BITMIME (RFC 6152). */
  readonly eightBitMime: boolean
  /** SMTPUTF8 (RFC 6531). */
  readonly smtpUtf8: boolean
  /** DSN (RFC 3461). */
  readonly dsn: boolean
  /** STARTTLS (RFC 3207). */
  readonly startTls: boolean
  /** SASL mechanisms of AUTH, in upper case (RFC 4954). */
  readonly auth: readonly string[]
  /** XCLIENT (www.postfix.org/XCLIENT_README.html). */
  readonly xclient: boolean
}

export const NO_CAPABILITIES: Capabilities = {
  pipelining: false,
  chunking: false,
  size: false,
  sizeLimit: 0,
  eightBitMime: false,
  smtpUtf8: false,
  dsn: false,
  startTls: false,
  auth: [],
  xclient: false,
}

let lastReply: Reply | undefined
let lastCapabilities = NO_CAPABILITIES

/** What `reply` offers. A reply that is known is the same object in every session, so the last answer is kept. */
export function readCapabilities(reply: Reply): Capabilities {
  if (reply !== lastReply) {
    lastCapabilities = parseCapabilities(reply)
    lastReply = reply
  }
  return lastCapabilities
}

/** The first line of the reply is the greeting; each further one is a keyword with parameters. */
function parseCapabilities(reply: Reply): Capabilities {
  const keywords = new Map<string, string[]>()
  for (const line of reply.lines.slice(1)) {
    // Old servers write `AUTH=LOGIN`.
    const [keyword = '', ...parameters] = line.trim().toUpperCase().split(/[ =]+/)
    keywords.set(keyword, [...(keywords.get(keyword) ?? []), ...parameters])
  }
  return {
    pipelining: keywords.has('PIPELINING'),
    chunking: keywords.has('CHUNKING'),
    size: keywords.has('SIZE'),
    sizeLimit: sizeLimitOf(keywords.get('SIZE')?.[0]),
    eightBitMime: keywords.has('8BITMIME'),
    smtpUtf8: keywords.has('SMTPUTF8'),
    dsn: keywords.has('DSN'),
    startTls: keywords.has('STARTTLS'),
    auth: keywords.get('AUTH') ?? [],
    xclient: keywords.has('XCLIENT'),
  }
}

/** The level at which a server is sent to, which offers these: the one that is asked for, or a lower one. */
export function levelOffered(
  asked: PipeliningLevel,
  { pipelining, chunking }: Pick<Capabilities, 'pipelining' | 'chunking'>,
): PipeliningLevel {
  // Chunks behind each other are pipelined commands (RFC 3030 2), so that CHUNKING alone is not enough.
  if (!pipelining) return 'off'
  return asked === 'chunks' && !chunking ? 'transactions' : asked
}

/** RFC 1870 4: up to 20 digits. */
function sizeLimitOf(parameter: string | undefined): number {
  return parameter !== undefined && /^\d{1,20}$/.test(parameter) ? Number(parameter) : 0
}
