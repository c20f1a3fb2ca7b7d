import { BODY_CRC_HEADER, ID_HEADER } from '../ledger/ledger.ts'
import { messageId } from './id.ts'

export interface HeadOptions {
  /** Unique to the run; ids are `<runId>-<number>`. */
  readonly runId: string
  readonly message: number
  /** Empty: the null sender, who has a name in the header all the same. */
  readonly sender: string
  /** The first of them. */
  readonly recipient: string
  /** In place of ours of the same name, and behind them. */
  readonly headers?: readonly Header[] | undefined
  /** Value of the Date header, as rfc5322Date writes it. */
  readonly date: string
  readonly bodyCrc: number
}

export interface Header {
  readonly name: string
  readonly value: string
}

/** RFC 5321 4.5.5 leaves the null sender to bounces, which come from whoever the mailer is. */
const NOBODY = 'MAILER-DAEMON@mailstorm.test'
const NONE: readonly Header[] = []

/** The header of a message with generated text, and the empty line behind it. */
export function headOf({ headers = NONE, bodyCrc, ...options }: HeadOptions): string {
  const form = new HeadForm({ ...options, names: headers.map(({ name }) => name) })
  const { message, sender, recipient } = options
  return form.before(message, sender, recipient) + crcText(bodyCrc) + form.after(headers)
}

/** What all headers of a run have in common, put together once. */
export class HeadForm {
  readonly #runId: string
  readonly #hasFrom: boolean
  readonly #hasTo: boolean
  readonly #middle: string
  readonly #hasMessageId: boolean

  /** `names`: of headers in place of ours. */
  constructor(options: Pick<HeadOptions, 'runId' | 'date'> & { readonly names: readonly string[] }) {
    const own = new Set(options.names.map((name) => name.toLowerCase()))
    const ours = (name: string, value: string) => (own.has(name) ? '' : `${name}: ${value}\r\n`)
    this.#runId = options.runId
    this.#hasFrom = !own.has('from')
    this.#hasTo = !own.has('to')
    this.#hasMessageId = !own.has('message-id')
    const capital = (text: string) => text.replace(/^./, (first) => first.toUpperCase())
    this.#middle =
      capital(ours('subject', 'mailstorm load test message')) + capital(ours('date', options.date))
  }

  /** Up to the CRC of the body. */
  before(message: number, sender: string, recipient: string): string {
    const id = messageId(this.#runId, message)
    const from = this.#hasFrom ? `From: <${sender === '' ? NOBODY : sender}>\r\n` : ''
    const to = this.#hasTo ? `To: <${recipient}>\r\n` : ''
    const messageIdLine = this.#hasMessageId ? `Message-ID: <${id}@mailstorm.test>\r\n` : ''
    return `${from}${to}${this.#middle}${messageIdLine}${ID_HEADER}: ${id}\r\n${BODY_CRC_HEADER}: `
  }

  /** From behind the CRC. */
  after(headers: readonly Header[]): string {
    if (headers.length === 0) return AFTER
    const lines = headers.map(({ name, value }) => `${folded(`${name}: ${value}`)}\r\n`)
    return `${BODY_HEADERS}${lines.join('')}\r\n`
  }
}

const BODY_HEADERS = '\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=us-ascii\r\n'
const AFTER = `${BODY_HEADERS}\r\n`

/** 8 hex digits, as the ledger has them. */
export function crcText(crc: number): string {
  return crc.toString(16).padStart(8, '0')
}

/** RFC 5322 3.3, in UTC: `Sun, 22 Nov 2026 06:00:00 +0000`. */
export function rfc5322Date(dateMs: number): string {
  return new Date(dateMs).toUTCString().replace('GMT', '+0000')
}

/** RFC 5322 2.1.1: at most 78 characters to a line should be, where there is a space to break it. */
const LINE_CHARS = 78

/** RFC 5322 2.2.3: CRLF before spaces; unfolding gives the same text again. */
export function folded(line: string): string {
  if (line.length <= LINE_CHARS) return line
  let text = ''
  let from = 0
  // Not behind the colon: a first line of a name alone is obsolete (RFC 5322 4.2).
  let least = line.indexOf(':') + 3
  while (line.length - from > LINE_CHARS) {
    const within = line.lastIndexOf(' ', from + LINE_CHARS)
    const at = within >= least ? within : line.indexOf(' ', Math.max(least, from + LINE_CHARS))
    if (at === -1 || line.slice(at).trim() === '') break
    text += `${line.slice(from, at)}\r\n`
    from = at
    // The space itself begins the next line, which must have more than that.
    least = at + 2
  }
  return text + line.slice(from)
}
