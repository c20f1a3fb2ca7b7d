import { foreignText } from '../text/foreign-text.ts'
import type { Question } from './check.ts'
import type { ProbeRow } from './report.ts'
import { type Exchange, type Reply, replyText, type Talk } from './talk.ts'

/** RFC 5321 4.2: three digits, then a hyphen when lines follow, a space or nothing on the last. */
const LINE = /^(\d{3})(?:([- ])(.*?))?\r?$/s
/** Limit for one reply, for an unfinished line, and for the lines that are not replies. */
const MAX_UNFINISHED_BYTES = 65_536
const MAX_UNREAD_REPLIES = 100
/** Lines of a reply kept for display; an EHLO reply has some twenty. */
const KEPT_LINES = 100
const KEPT_LINE_CHARS = 1_000

/**
 * Splits a server's output into replies. More lenient than the load engine's client: a bare LF is a finding
 * here, not the end. Shares no code with src/smtp, so that they cannot share a mistake. Bounded: no more is
 * kept than the limits above.
 */
export class ReplyReader {
  #pending = ''
  #lines: string[] = []
  #codes: number[] = []
  #longestLineBytes = 0
  #bareLf = false
  #unfinishedBytes = 0
  #strayBytes = 0
  #strays: string[] = []
  #overflowed = false
  readonly #replies: Reply[] = []

  push(text: string): void {
    if (this.#overflowed) return
    this.#pending += text
    let from = 0
    for (let end = this.#pending.indexOf('\n'); end !== -1; end = this.#pending.indexOf('\n', from)) {
      this.#take(this.#pending.slice(from, end + 1))
      from = end + 1
    }
    this.#pending = this.#pending.slice(from)
    this.#overflowed =
      this.#pending.length + this.#unfinishedBytes > MAX_UNFINISHED_BYTES ||
      this.#strayBytes > MAX_UNFINISHED_BYTES ||
      this.#replies.length > MAX_UNREAD_REPLIES
    if (this.#overflowed) this.#pending = ''
  }

  /** Complete replies not taken yet. */
  get ready(): number {
    return this.#replies.length
  }

  /** It sent more than any reply has; nothing is read any more. */
  get overflowed(): boolean {
    return this.#overflowed
  }

  get hasStrays(): boolean {
    return this.#strays.length > 0
  }

  take(count: number): Reply[] {
    return this.#replies.splice(0, count)
  }

  /** Lines that belong to no reply: without a code, or with something other than a space or hyphen after it. */
  takeStrays(): string[] {
    return this.#strays.splice(0)
  }

  #take(line: string): void {
    const bare = line.slice(0, -1)
    const [, code, separator = ' ', text = ''] = LINE.exec(bare) ?? []
    if (code === undefined) {
      this.#strayBytes += line.length
      if (this.#strays.length < KEPT_LINES) this.#strays.push(bare.trimEnd().slice(0, KEPT_LINE_CHARS))
      return
    }
    if (this.#lines.length < KEPT_LINES) this.#lines.push(text.slice(0, KEPT_LINE_CHARS))
    if (!this.#codes.includes(Number(code))) this.#codes.push(Number(code))
    this.#unfinishedBytes += line.length
    this.#longestLineBytes = Math.max(this.#longestLineBytes, line.length)
    this.#bareLf ||= !bare.endsWith('\r')
    if (separator === '-') return
    this.#replies.push({
      code: Number(code),
      codes: this.#codes,
      lines: this.#lines,
      longestLineBytes: this.#longestLineBytes,
      bareLf: this.#bareLf,
    })
    this.#lines = []
    this.#codes = []
    this.#unfinishedBytes = 0
    this.#longestLineBytes = 0
    this.#bareLf = false
  }
}

export const REPLIES: Question = {
  id: 'replies',
  title: 'Form of the replies',
  rfc: 'RFC 5321 4.2, 4.5.3.1.5',
}

/** RFC 5321 4.5.3.1.5: a reply line including its code and CRLF. */
const MAX_REPLY_LINE_BYTES = 512
const SHOWN_CHARS = 60

/** Form and length of all replies of a server, over all conversations. Pure. */
export function repliesRow(talks: readonly Talk[]): ProbeRow {
  const exchanges = talks.flatMap((talk) => talk.exchanges)
  let count = 0
  let longest = 0
  for (const { replies, unasked = [] } of exchanges) {
    for (const { longestLineBytes } of [...replies, ...unasked]) {
      count += 1
      longest = Math.max(longest, longestLineBytes)
    }
  }
  const wrong = firstOf(exchanges, whatIsWrong)
  return {
    ...REPLIES,
    sent: 'all of this probe',
    came: `${count} replies, longest line ${longest} octets`,
    verdict: wrong === undefined ? 'conforms' : 'deviates',
    note: wrong ?? '',
  }
}

function whatIsWrong(exchange: Exchange): string | undefined {
  const { replies, strays = [], unasked = [], ending, sent } = exchange
  const where = sent === '' ? 'its greeting' : `to ${foreignText(sent, SHOWN_CHARS)}`
  if (ending === 'too much') {
    return `a reply does not end within 65,536 octets (${where}): the rest was not read`
  }
  const [stray] = strays
  if (stray !== undefined) {
    return `a line without a reply code (${where}): "${foreignText(stray, SHOWN_CHARS)}"`
  }
  const [extra] = unasked
  const wrong = firstOf([...replies, ...unasked], formOf)
  if (wrong !== undefined) return `${wrong} (${where})`
  return extra === undefined
    ? undefined
    : `a reply that nothing asked for (after the one ${where}): ${foreignText(replyText(extra), SHOWN_CHARS)}`
}

function formOf({ code, codes, bareLf, longestLineBytes }: Reply): string | undefined {
  // RFC 5321 4.2.1: all lines must have the same code.
  if (codes.length > 1) return `the lines of a reply have different codes, ${codes.join(', ')}`
  if (bareLf) return 'a reply line ends with LF alone'
  if (longestLineBytes > MAX_REPLY_LINE_BYTES) return 'a reply line is longer than 512 octets'
  // RFC 5321 4.2: the first digit is 2 to 5, the second 0 to 5.
  return /^[2-5][0-5]\d$/.test(String(code)) ? undefined : `${code} is not a reply code`
}

function firstOf<Item>(
  items: readonly Item[],
  found: (item: Item) => string | undefined,
): string | undefined {
  for (const item of items) {
    const text = found(item)
    if (text !== undefined) return text
  }
  return undefined
}
