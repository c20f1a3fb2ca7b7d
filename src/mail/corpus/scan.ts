import { isAscii, isUtf8 } from 'node:buffer'
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { errorText } from '../../error.ts'
import { foreignText } from '../../text/foreign-text.ts'
import { FLAGS, lineEnd, linesAsSent } from './wire.ts'

/** One message of a file, as it stands there and as it is sent. */
export interface ScannedMessage {
  /** Of its first octet in the file. */
  readonly offset: number
  /** Octets in the file: of the message, and of its header with the empty line. */
  readonly length: number
  readonly headLength: number
  /** Octets as they are sent (RFC 1870 3), without the headers that are put on top. */
  readonly sentBytes: number
  /** CRC-32 of the body as it is sent. */
  readonly bodyCrc: number
  readonly longestLine: number
  /** FLAGS. */
  readonly flags: number
}

export interface ScannedFile {
  readonly messages: readonly ScannedMessage[]
  /** Why messages cannot be sent: the first thing wrong with each, of the first few. */
  readonly problems: readonly string[]
  readonly wrongMessages: number
  readonly isMbox: boolean
}

/** RFC 5322 2.1.1, RFC 5321 4.5.3.1.6: without CRLF. */
const MAX_LINE_OCTETS = 998
/** As the largest generated message. */
const MAX_MESSAGE_BYTES = 1024 ** 3
const CHUNK_BYTES = 256 * 1024
const SHOWN_CHARACTERS = 60
/** More of them are counted. */
export const MOST_PROBLEMS = 5

const LF = 0x0a
const CR = 0x0d
const DOT = 0x2e
const QUOTE = 0x3e
const FROM_F = 0x46
const QUOTED_FROM = /^>+From /

const FIELD = /^([!-9;-~]+)[ \t]*:/
const MONTH = '(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)'
/** RFC 4155 A: sender and asctime's date; some programs write RFC 5322's. */
const SEPARATOR = new RegExp(
  `^From .*\\b(?:${MONTH} +\\d{1,2} +|\\d{1,2} +${MONTH} +\\d{4} +)\\d{1,2}:\\d{2}`,
)

/** Long files are read in pieces: between them others get their turn, and an interrupted run ends. */
export type Breather = () => Promise<void> | undefined

/** Reads one file: a message, or an mbox with any number of them. */
export async function scanFile(path: string, breathe: Breather = () => undefined): Promise<ScannedFile> {
  let fd: number
  try {
    // Before it is opened: a named pipe would block for ever.
    if (!statSync(path).isFile()) return withoutMail(path, 'is not a file')
    fd = openSync(path, 'r')
  } catch (error) {
    return withoutMail(path, `cannot be read (${errorText(error)})`)
  }
  try {
    if (fstatSync(fd).size === 0) return withoutMail(path, 'is empty')
    const scan = await scanOf(path, fd, { breathe, unquotes: true })
    // An mbox with lines that begin with "From " in its text has none quoted: >From is what was written.
    const again = scan.hasBareFrom && scan.hasQuotedFrom
    return (again ? await scanOf(path, fd, { breathe, unquotes: false }) : scan).found()
  } catch (error) {
    return withoutMail(path, `cannot be read (${errorText(error)})`)
  } finally {
    closeSync(fd)
  }
}

function withoutMail(path: string, why: string): ScannedFile {
  return { messages: [], problems: [`${path} ${why}`], wrongMessages: 1, isMbox: false }
}

async function scanOf(
  path: string,
  fd: number,
  { breathe, unquotes }: { breathe: Breather; unquotes: boolean },
): Promise<FileScan> {
  const scan = new FileScan(path, unquotes)
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES)
  let held = 0
  let position = 0
  for (;;) {
    const read = readSync(fd, buffer, held, buffer.length - held, position + held)
    const filled = held + read
    const taken = scan.take(buffer.subarray(0, filled), position, read === 0)
    if (read === 0) return scan
    buffer.copyWithin(0, taken, filled)
    held = filled - taken
    position += taken
    const pause = breathe()
    if (pause !== undefined) await pause
  }
}

/** What is known of a message up to a place in it. */
interface Sums {
  readonly end: number
  readonly sentBytes: number
  readonly crc: number
}

/** Looks at a file piece by piece, and line by line. */
class FileScan {
  readonly #path: string
  readonly #unquotes: boolean
  readonly #messages: ScannedMessage[] = []
  readonly #problems: string[] = []
  #wrongMessages = 0
  #isMbox = false
  hasQuotedFrom = false
  hasBareFrom = false
  /** Number of the line at hand, from 1. */
  #line = 0
  /** The piece before ended within a line. */
  #isMidLine = false

  // The message at hand.
  #isInMessage = false
  #isInHeader = false
  #fields = 0
  /** The field at hand is one of an earlier run. */
  #isOurs = false
  #problem: string | undefined
  #offset = 0
  #headLength = 0
  #sentBytes = 0
  #crc = 0
  #longestLine = 0
  #flags = 0
  /** The line before was empty: a separator may follow. With what was known before it, where it was a body's. */
  #isAfterEmpty = false
  #beforeEmpty: Sums | undefined

  // The piece of the file at hand, and where in the file it stands.
  #octets: Buffer = Buffer.alloc(0)
  #position = 0
  #hasEightBit = false
  #hasNul = false
  #hasCr = false
  /** Where lines of a body begin that are not in the sums yet, and whether they are sent as they are. */
  #bodyAt = 0
  #bodyChanges = false

  constructor(path: string, unquotes: boolean) {
    this.#path = path
    this.#unquotes = unquotes
  }

  found(): ScannedFile {
    return {
      messages: this.#messages,
      problems: this.#problems,
      wrongMessages: this.#wrongMessages,
      isMbox: this.#isMbox,
    }
  }

  /** Takes the whole lines of a piece; at the end of the file all of it. Returns how many octets it has taken. */
  take(octets: Buffer, position: number, isEnd: boolean): number {
    this.#octets = octets
    this.#position = position
    this.#hasEightBit = !isAscii(octets)
    this.#hasNul = octets.includes(0)
    this.#hasCr = octets.includes(CR)
    this.#bodyAt = 0
    let at = 0
    for (let lf = octets.indexOf(LF); lf !== -1; lf = octets.indexOf(LF, at)) {
      this.#takeLine(at, lf + 1 - lineEnd(octets, at, lf), lf + 1)
      at = lf + 1
    }
    if (isEnd && at < octets.length) {
      this.#takeLine(at, octets.length, octets.length)
      at = octets.length
    } else if (at === 0 && octets.length === CHUNK_BYTES) {
      this.#takePiece()
      at = octets.length
    }
    this.#sumBody(at)
    if (isEnd) this.#endMessage(position + at)
    return at
  }

  /** A line from `at` to `to`; the next one begins at `next`. */
  #takeLine(at: number, to: number, next: number): void {
    if (this.#isMidLine) {
      this.#isMidLine = false
      return
    }
    this.#line++
    const isFrom = this.#octets[at] === FROM_F && this.#octets.toString('latin1', at, at + 5) === 'From '
    if (this.#line === 1) this.#isMbox = isFrom
    if (this.#isMbox && isFrom && this.#separates(at, to)) {
      this.#sumBody(at)
      this.#endMessage(this.#position + at)
      this.#beginMessage(next)
      return
    }
    if (!this.#isInMessage) this.#beginMessage(at)
    const isHeader = this.#isInHeader
    if (isHeader) this.#takeField(at, to, next)
    else this.#takeText(at, to, next)
    this.#checkOctets(at, to, { end: next - to, isHeader })
  }

  /** A piece that is nothing but a part of one line. */
  #takePiece(): void {
    if (!this.#isMidLine) this.#takeLine(0, this.#octets.length, this.#octets.length)
    this.#isMidLine = true
  }

  #separates(at: number, to: number): boolean {
    if (this.#line === 1) return true
    const isOne = this.#isAfterEmpty && SEPARATOR.test(this.#octets.toString('latin1', at, to))
    if (!isOne) this.hasBareFrom = true
    return isOne
  }

  #checkOctets(at: number, to: number, { end, isHeader }: { end: number; isHeader: boolean }): void {
    const octets = this.#octets
    if (end === 1) this.#flags |= FLAGS.bareLf
    if (end === 0) this.#flags |= FLAGS.noEnd
    if (this.#hasNul && octets.subarray(at, to).includes(0)) this.#wrong('a NUL (RFC 5322 4.1)')
    if (this.#hasCr) {
      const cr = octets.indexOf(CR, at)
      if (cr !== -1 && cr < to) this.#wrong('a CR without LF (RFC 5322 2.3)')
    }
    if (!this.#hasEightBit) return
    for (let place = at; place < to; place++) {
      if ((octets[place] as number) < 128) continue
      this.#flags |= FLAGS.eightBit
      if (isHeader && isUtf8(octets.subarray(at, to))) this.#flags |= FLAGS.utf8Headers
      return
    }
  }

  #takeField(at: number, to: number, next: number): void {
    if (to === at) {
      if (this.#fields === 0) this.#notMail('it begins with an empty line')
      this.#endHeader(next)
      this.#sentBytes += 2
      this.#isAfterEmpty = true
      this.#beforeEmpty = undefined
      return
    }
    this.#isAfterEmpty = false
    const first = this.#octets[at]
    if (this.#fields === 0 || (first !== 0x20 && first !== 0x09)) {
      const text = this.#octets.toString('latin1', at, Math.min(to, at + MAX_LINE_OCTETS))
      const name = FIELD.exec(text)?.[1]?.toLowerCase()
      if (name === undefined) {
        const shown = JSON.stringify(foreignText(text, SHOWN_CHARACTERS))
        if (this.#fields === 0) this.#notMail(`it begins with ${shown}`)
        else this.#wrong(`no header field: ${shown}`)
        this.#endHeader(at)
        this.#takeText(at, to, next)
        return
      }
      this.#fields++
      this.#isOurs = name.startsWith('x-mailstorm-')
      if (name === 'message-id') this.#flags |= FLAGS.messageId
    }
    this.#measure(to - at)
    if (this.#isOurs) this.#flags |= FLAGS.ours
    else this.#sentBytes += to - at + 2
  }

  /** `at`: where the body begins in the piece at hand. */
  #endHeader(at: number): void {
    this.#isInHeader = false
    this.#headLength = this.#position + at - this.#offset
    this.#bodyAt = at
    this.#bodyChanges = false
  }

  #takeText(at: number, to: number, next: number): void {
    if (to === at && this.#isMbox) {
      this.#sumBody(at)
      this.#beforeEmpty = { end: this.#position + at, sentBytes: this.#sentBytes, crc: this.#crc }
      this.#isAfterEmpty = true
    } else this.#isAfterEmpty = false
    if (next - to < 2) this.#bodyChanges = true
    const first = this.#octets[at]
    let length = to - at
    if (first === DOT) this.#flags |= FLAGS.dots
    else if (first === QUOTE && this.#isMbox && QUOTED_FROM.test(this.#octets.toString('latin1', at, to))) {
      this.hasQuotedFrom = true
      if (this.#unquotes) {
        this.#flags |= FLAGS.quoted
        this.#bodyChanges = true
        length--
      }
    }
    this.#measure(length)
  }

  /** Adds the lines of the body up to `at` to the sums. */
  #sumBody(at: number): void {
    if (!this.#isInMessage || this.#isInHeader || at <= this.#bodyAt) return
    const lines = this.#octets.subarray(this.#bodyAt, at)
    const sent = this.#bodyChanges ? linesAsSent(lines, (this.#flags & FLAGS.quoted) !== 0) : lines
    this.#crc = crc32(sent, this.#crc)
    this.#sentBytes += sent.length
    this.#bodyAt = at
    this.#bodyChanges = false
  }

  /** `at`: where it begins in the piece at hand. */
  #beginMessage(at: number): void {
    this.#isInMessage = true
    this.#isInHeader = true
    this.#fields = 0
    this.#isOurs = false
    this.#problem = undefined
    this.#offset = this.#position + at
    this.#headLength = 0
    this.#sentBytes = 0
    this.#crc = 0
    this.#longestLine = 0
    this.#flags = 0
    this.#isAfterEmpty = false
    this.#beforeEmpty = undefined
  }

  /** `end`: where it ends in the file, unless it ends before an empty line that belongs to the mbox. */
  #endMessage(end: number): void {
    if (!this.#isInMessage) return
    this.#isInMessage = false
    const body = { end, sentBytes: this.#sentBytes, crc: this.#crc }
    const sums = (this.#isAfterEmpty ? this.#beforeEmpty : undefined) ?? body
    const length = sums.end - this.#offset
    if (this.#fields === 0) this.#notMail('it has no header')
    if (sums.sentBytes > MAX_MESSAGE_BYTES) this.#wrong('a message of more than 1 GB')
    if (this.#problem !== undefined) {
      this.#wrongMessages++
      if (this.#problems.length < MOST_PROBLEMS) this.#problems.push(this.#problem)
      return
    }
    this.#messages.push({
      offset: this.#offset,
      length,
      headLength: this.#isInHeader ? length : this.#headLength,
      sentBytes: sums.sentBytes,
      bodyCrc: sums.crc,
      longestLine: this.#longestLine,
      flags: this.#flags,
    })
  }

  /** Octets of a line. */
  #measure(octets: number): void {
    if (octets > this.#longestLine) this.#longestLine = octets
    if (octets <= MAX_LINE_OCTETS) return
    const long = `${octets.toLocaleString('en-US')} octets${octets >= CHUNK_BYTES ? ' or more' : ''}`
    this.#wrong(`a line of ${long}, and ${MAX_LINE_OCTETS} may be in one (RFC 5322 2.1.1)`)
  }

  #notMail(why: string): void {
    this.#wrong(`no mail: ${why}`)
  }

  #wrong(what: string): void {
    this.#problem ??= `${this.#path}:${Math.max(1, this.#line)}: ${what}`
  }
}
