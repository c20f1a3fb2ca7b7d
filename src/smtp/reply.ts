import { cutText, FOREIGN_TEXT_LENGTH, foreignText } from '../text/foreign-text.ts'

/** One reply of a server, all its lines (RFC 5321 4.2.1). */
export interface Reply {
  /** 200…559. */
  readonly code: number
  /** Text of each line without code and separator. */
  readonly lines: readonly string[]
}

/** The bytes that came are no reply. */
export class ReplySyntaxError extends Error {}

/**
 * Limit of a reply line. RFC 5321 4.5.3.1.5 says 512 octets; some servers exceed it, none should
 * need more than this, and without a limit a broken server would fill the memory.
 */
const MAX_LINE_BYTES = 8_192
/** EHLO replies have tens of lines; a server that never ends a reply is broken. */
const MAX_LINES = 512

/** Characters shown of the lines before the one that does not belong to them: that one tells most. */
const SHOWN_BEFORE = 200

const CR = 13
const LF = 10
const DASH = 45
const SPACE = 32
const ZERO = 48
const CRLF_BYTES = 2

/**
 * Lines and whole chunks of replies that were read before. A server repeats the same few replies, so they are
 * compared instead of decoded. A place is filled once, which bounds the memory.
 */
class KnownReplies {
  readonly #places: ({ readonly octets: Buffer; readonly replies: readonly Reply[] } | undefined)[] =
    Array(KNOWN_REPLIES)

  find(data: Buffer, from: number, to: number): readonly Reply[] | undefined {
    const known = this.#places[placeOf(data, from, to)]
    if (known === undefined || known.octets.length !== to - from) return undefined
    const { octets } = known
    for (let at = 0; at < octets.length; at++) if (octets[at] !== data[from + at]) return undefined
    return known.replies
  }

  keep(data: Buffer, from: number, to: number, replies: readonly Reply[]): void {
    const place = placeOf(data, from, to)
    if (to - from > KNOWN_BYTES || this.#places[place] !== undefined) return
    this.#places[place] = { octets: Buffer.from(data.subarray(from, to)), replies }
  }
}

const KNOWN_REPLIES = 64
const KNOWN_BYTES = 1024

/** A server's few replies differ by length, code and enhanced code (`250 2.1.5 …`). */
function placeOf(data: Buffer, from: number, to: number): number {
  const enhanced = to - from > 8 ? (data[from + 8] as number) : 0
  return ((to - from) * 7 + (data[from] as number) + enhanced) & (KNOWN_REPLIES - 1)
}

const asItIs = (text: string) => text

/** Shared by all servers whose texts need no mask. */
const unmasked = new KnownReplies()

/** Bytes → replies, however they are cut into chunks. */
export class ReplyParser {
  #rest: Buffer | undefined
  #code = 0
  #lines: string[] = []
  readonly #known: KnownReplies | undefined
  readonly #mask: (text: string) => string

  /** `mask`: of texts, before anyone sees them; the server may repeat what it was sent. */
  constructor(mask?: (text: string) => string) {
    this.#known = mask === undefined ? unmasked : undefined
    this.#mask = mask ?? asItIs
  }

  /** True in the middle of a reply: between lines or within one. */
  get midReply(): boolean {
    return this.#rest !== undefined || this.#lines.length > 0
  }

  /** Calls `onReply` for every reply that the first octets of `chunk` complete. Throws ReplySyntaxError. */
  push(chunk: Buffer, length: number, onReply: (reply: Reply) => void): void {
    const isFresh = !this.midReply
    const known = isFresh ? this.#known?.find(chunk, 0, length) : undefined
    if (known !== undefined) {
      for (const reply of known) onReply(reply)
      return
    }
    const data = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk.subarray(0, length)])
    const end = this.#rest === undefined ? length : data.length
    this.#rest = undefined
    const replies: Reply[] = []
    let from = 0
    for (;;) {
      const lf = data.indexOf(LF, from)
      if (lf === -1 || lf >= end) break
      if (lf - from >= MAX_LINE_BYTES) throw tooLong()
      // RFC 5321 2.3.8: only CRLF ends a line.
      if (lf === from || data[lf - 1] !== CR)
        throw new ReplySyntaxError('reply line ends in a bare LF (RFC 5321 2.3.8)')
      const reply = this.#line(data, from, lf - 1)
      from = lf + 1
      if (reply === undefined) continue
      replies.push(reply)
      onReply(reply)
    }
    if (from < end) {
      if (end - from >= MAX_LINE_BYTES) throw tooLong()
      // A copy: the socket reuses the memory of its chunks.
      this.#rest = Buffer.from(data.subarray(from, end))
    } else if (isFresh && !this.midReply) this.#known?.keep(data, 0, end, replies)
  }

  #line(data: Buffer, from: number, to: number): Reply | undefined {
    const known = this.#lines.length === 0 ? this.#known?.find(data, from, to + CRLF_BYTES) : undefined
    if (known !== undefined) return known[0]
    const code = replyCode(data, from, to)
    const separator = to - from > 3 ? data[from + 3] : SPACE
    if (code === undefined || (separator !== SPACE && separator !== DASH)) {
      throw new ReplySyntaxError(
        `not an SMTP reply: ${octetsShown(this.#mask(data.toString('latin1', from, to)).slice(0, 80))}`,
      )
    }
    if (this.#lines.length > 0 && code !== this.#code) {
      const before = replyText({ code: this.#code, lines: this.#lines })
      const last = foreignText(this.#mask(data.toString('utf8', from, to)))
      throw new ReplySyntaxError(
        `lines of one reply with different codes: ${this.#code} and ${code}: ${cutText(before, SHOWN_BEFORE)} | ${last}`,
      )
    }
    if (this.#lines.length >= MAX_LINES) throw new ReplySyntaxError(`reply of more than ${MAX_LINES} lines`)
    const text = to - from > 4 ? this.#mask(data.toString('utf8', from + 4, to)) : ''
    if (separator === DASH) {
      this.#code = code
      this.#lines.push(text)
      return undefined
    }
    if (this.#lines.length === 0) {
      const reply = { code, lines: [text] }
      this.#known?.keep(data, from, to + CRLF_BYTES, [reply])
      return reply
    }
    const lines = [...this.#lines, text]
    this.#lines = []
    return { code, lines }
  }
}

function tooLong(): ReplySyntaxError {
  return new ReplySyntaxError(`reply line longer than ${MAX_LINE_BYTES} octets`)
}

/** RFC 5321 4.2: three digits, the first 2 to 5, the second 0 to 5. */
function replyCode(data: Buffer, from: number, to: number): number | undefined {
  if (to - from < 3) return undefined
  const first = (data[from] as number) - ZERO
  const second = (data[from + 1] as number) - ZERO
  const third = (data[from + 2] as number) - ZERO
  if (first < 2 || first > 5 || second < 0 || second > 5 || third < 0 || third > 9) return undefined
  return first * 100 + second * 10 + third
}

/**
 * Codes that answer one thing alone: the greeting and STARTTLS, QUIT, AUTH (RFC 5321 4.2.3, RFC 3207 4,
 * RFC 4954 6). Anywhere else they are the reply to something else, or somebody else's.
 */
const BOUND_CODES = [220, 221, 235]

/**
 * Whether what was asked is done: 2yz, since the first digit decides (RFC 5321 4.2.1), but for the codes
 * that can answer something else only. `own`: the one of those that answers what was asked.
 */
export function isCompletion({ code }: Reply, own?: 220 | 221 | 235): boolean {
  return code === 250 || code === own || (code < 300 && !BOUND_CODES.includes(code))
}

/** Whether DATA may go on: 3yz (RFC 5321 4.2.1), but for 334, AUTH's (RFC 4954 4). */
export function isGoAhead({ code }: Reply): boolean {
  return code >= 300 && code < 400 && code !== 334
}

/** Enhanced status code at the start of a reply's text (RFC 2034 4, RFC 3463 2): `5.7.1`. */
export function enhancedStatus(reply: Reply): string | undefined {
  return /^([245]\.\d{1,3}\.\d{1,3})(?:\s|$)/.exec(reply.lines[0] ?? '')?.[1]
}

/** A reply as one line for people, cleaned and cut. */
export function replyText(reply: Reply): string {
  return cutText(
    `${reply.code} ${reply.lines.map((line) => foreignText(line)).join(' | ')}`,
    FOREIGN_TEXT_LENGTH,
  )
}

/** Octets that are no text, so that a TLS record or a binary protocol can be told by its bytes. */
function octetsShown(text: string): string {
  return text.replace(/\p{Cc}/gu, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`)
}
