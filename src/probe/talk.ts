import { cutText, foreignText } from '../text/foreign-text.ts'

/** A reply as it came (RFC 5321 4.2). */
export interface Reply {
  /** Of its last line. */
  readonly code: number
  /** All codes of its lines, each once; more than one is a fault (RFC 5321 4.2.1). */
  readonly codes: readonly number[]
  /** Without code and line end. */
  readonly lines: readonly string[]
  /** Octets of its longest line, line end included. */
  readonly longestLineBytes: number
  /** A line of it ended by LF alone. */
  readonly bareLf: boolean
}

export type Ending =
  | 'time over'
  | 'closed'
  | 'reset'
  | 'tls failed'
  /** More than any reply has, so reading stopped. */
  | 'too much'
  /** Nothing listens; no answer in time; no route. */
  | 'refused'
  | 'no connection'
  | 'unreachable'
  /** This machine could not open another connection, which is not the server's doing. */
  | 'local'

/** Something sent, and everything received until the next. */
export interface Exchange {
  readonly name: string
  /** For display; long runs are described, not shown. */
  readonly sent: string
  readonly replies: readonly Reply[]
  /** Lines that belong to no reply, because they have no code. */
  readonly strays?: readonly string[]
  /** Replies beyond those that answer what was sent. */
  readonly unasked?: readonly Reply[]
  /** Why no more came, when fewer replies came than expected. */
  readonly ending?: Ending
  readonly tookMs: number
}

/** Refusals of EHLO after which a client sends HELO (RFC 5321 3.2, 4.1.4, and others seen in servers). */
const EHLO_UNKNOWN: readonly (number | undefined)[] = [500, 501, 502, 504, 550]

/** A whole conversation, as checks judge it. Pure. */
export class Talk {
  readonly exchanges: readonly Exchange[]

  constructor(exchanges: readonly Exchange[]) {
    this.exchanges = exchanges
  }

  /** Undefined when the conversation did not get that far. */
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

  /** Whether the server does not know EHLO, so that the client continues with HELO. */
  get withoutEhlo(): boolean {
    return EHLO_UNKNOWN.includes(this.reply('ehlo')?.code)
  }

  get hasUnasked(): boolean {
    return this.exchanges.some(({ unasked = [] }) => unasked.length > 0)
  }

  /** Lines of the EHLO reply after the first: an extension and its parameters each (RFC 5321 4.1.1.1). */
  get extensions(): readonly string[] {
    const reply = this.reply('ehlo')
    return reply?.code === 250 ? reply.lines.slice(1).filter((line) => line.trim() !== '') : []
  }

  /** Parameters of an extension; undefined when not offered. Keywords are case-insensitive (4.1.1.1). */
  extension(keyword: string): string | undefined {
    const line = this.extensions.find((offered) => offered.split(' ', 1)[0]?.toUpperCase() === keyword)
    return line?.slice(keyword.length).trim()
  }
}

const SHOWN_CHARS = 500

/** `250-a`, `250 b` as `250 a / b`. */
export function replyText({ code, lines }: Reply): string {
  return foreignText(`${code} ${lines.join(' / ')}`, SHOWN_CHARS)
}

const ENDINGS: Readonly<Record<Ending, (tookMs: number) => string>> = {
  'time over': (tookMs) => `nothing within ${secondsText(tookMs)}`,
  closed: () => 'connection closed',
  reset: () => 'connection reset',
  refused: () => 'connection refused',
  'no connection': (tookMs) => `no connection within ${secondsText(tookMs)}`,
  unreachable: () => 'no route to it',
  local: () => 'this machine could open no more connections',
  'tls failed': () => 'TLS handshake failed',
  'too much': () => 'a reply that does not end within 65,536 octets',
}

/** What came in an exchange, in words. */
export function cameText({ replies, strays = [], unasked = [], ending, tookMs }: Exchange): string {
  const parts = replies.map(replyText)
  const [stray] = strays
  if (stray !== undefined) parts.push(`a line without a code: "${foreignText(stray, 100)}"`)
  if (ending === 'time over' && strays.length > 0) parts.push('nothing more')
  else if (ending !== undefined) parts.push(ENDINGS[ending](tookMs))
  const [extra] = unasked
  if (extra !== undefined) parts.push(`unasked: ${replyText(extra)}`)
  return cutText(parts.join(', '), SHOWN_CHARS)
}

export function secondsText(ms: number): string {
  return `${Number((ms / 1000).toPrecision(2))} s`
}
