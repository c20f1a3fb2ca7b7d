/** A reply as it came (RFC 5321 4.2). */
export interface Reply {
  readonly code: number
  /** Without code and line end. */
  readonly lines: readonly string[]
  /** Octets of its longest line, line end included. */
  readonly longestLineBytes: number
  /** A line of it ended by LF alone. */
  readonly bareLf: boolean
}

export type Ending = 'time over' | 'closed' | 'reset' | 'refused' | 'tls failed'

/** One thing that was sent, and all that came until the next. */
export interface Exchange {
  readonly name: string
  /** For people: long runs are told, not shown. */
  readonly sent: string
  readonly replies: readonly Reply[]
  /** Why no more came, when less came than was waited for. */
  readonly ending?: Ending
  readonly tookMs: number
}

/** A whole conversation, as checks judge it. Pure. */
export class Talk {
  readonly exchanges: readonly Exchange[]

  constructor(exchanges: readonly Exchange[]) {
    this.exchanges = exchanges
  }

  /** Undefined when it did not come to that. */
  exchange(name: string): Exchange | undefined {
    return this.exchanges.find((exchange) => exchange.name === name)
  }

  /** The last reply to what was sent under this name. */
  reply(name: string): Reply | undefined {
    return this.exchange(name)?.replies.at(-1)
  }

  get last(): Exchange | undefined {
    return this.exchanges.at(-1)
  }

  /** Lines of the EHLO reply after the first: an extension and its parameters each (RFC 5321 4.1.1.1). */
  get extensions(): readonly string[] {
    const reply = this.reply('ehlo')
    return reply?.code === 250 ? reply.lines.slice(1) : []
  }

  /** The parameters of an extension; undefined when it is not offered. Keywords know no case (4.1.1.1). */
  extension(keyword: string): string | undefined {
    const line = this.extensions.find((offered) => offered.split(' ', 1)[0]?.toUpperCase() === keyword)
    return line?.slice(keyword.length).trim()
  }
}

/** `250-a`, `250 b` as `250 a / b`. */
export function replyText({ code, lines }: Reply): string {
  return `${code} ${lines.join(' / ')}`.trimEnd()
}

const ENDINGS: Readonly<Record<Ending, (tookMs: number) => string>> = {
  'time over': (tookMs) => `nothing within ${secondsText(tookMs)}`,
  closed: () => 'connection closed',
  reset: () => 'connection reset',
  refused: () => 'connection refused',
  'tls failed': () => 'TLS handshake failed',
}

/** What came in an exchange, in words. */
export function cameText({ replies, ending, tookMs }: Exchange): string {
  const parts = replies.map(replyText)
  if (ending !== undefined) parts.push(ENDINGS[ending](tookMs))
  return parts.join(', ')
}

export function secondsText(ms: number): string {
  return `${Number((ms / 1000).toPrecision(2))} s`
}
