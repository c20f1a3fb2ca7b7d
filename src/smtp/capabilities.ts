import type { Reply } from './reply.ts'

/** What a server said in its EHLO reply (RFC 5321 4.1.1.1); nothing after HELO. */
export interface Capabilities {
  /** RFC 2920. */
  readonly pipelining: boolean
  /** RFC 1870. */
  readonly size: boolean
  /** RFC 3207. */
  readonly startTls: boolean
  /** RFC 4954: mechanisms in upper case. */
  readonly auth: readonly string[]
}

export const NO_CAPABILITIES: Capabilities = { pipelining: false, size: false, startTls: false, auth: [] }

/** The first line of the reply is the greeting; each further one is a keyword with parameters. */
export function readCapabilities(reply: Reply): Capabilities {
  const keywords = new Map<string, string[]>()
  for (const line of reply.lines.slice(1)) {
    // Old servers write `AUTH=LOGIN`.
    const [keyword = '', ...parameters] = line.trim().toUpperCase().split(/[ =]+/)
    keywords.set(keyword, [...(keywords.get(keyword) ?? []), ...parameters])
  }
  return {
    pipelining: keywords.has('PIPELINING'),
    size: keywords.has('SIZE'),
    startTls: keywords.has('STARTTLS'),
    auth: keywords.get('AUTH') ?? [],
  }
}
