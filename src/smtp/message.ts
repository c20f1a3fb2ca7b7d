import { crc32 } from 'node:zlib'
import { MailstormError } from '../error.ts'
import { BODY_CRC_HEADER, ID_HEADER } from '../ledger/ledger.ts'

export interface MessageOptions {
  /** Unique to the run; ids are `<runId>-<number>`. */
  readonly runId: string
  readonly sender: string
  readonly recipients: readonly string[]
  /** Size of the whole message as RFC 1870 3 counts it: header and body with CRLF, before dot-stuffing. */
  readonly sizeBytes: number
  readonly seed: number
  /** Instead of generated text: any octets whose lines end in CRLF. `sizeBytes` then does not count. */
  readonly body?: Uint8Array
  /** Value of the Date header. */
  readonly date: Date
}

/** Ids have room for the number of a day's run at 100,000 a second. */
const NUMBER_DIGITS = 10
const END_OF_DATA = Buffer.from('.\r\n')
/** Up to this size a message and the envelope after it are copied into one buffer for one write. */
const COPY_LIMIT_BYTES = 64 * 1024

/**
 * The message of a run. All messages share the body; only their number differs, patched in place, so
 * that a message costs the sender no allocation.
 */
export class MessageTemplate {
  readonly sizeBytes: number
  readonly recipients: readonly string[]
  readonly sender: string
  readonly #head: Buffer
  readonly #body: Buffer
  /** As it is, without dots doubled. */
  readonly #plainBody: Buffer
  /** Offsets of the number in the head. */
  readonly #numberAt: readonly number[]

  constructor(options: MessageOptions) {
    const head = headOf(options, '00000000')
    const body = options.body === undefined ? generatedBody(options, head.length) : givenBody(options.body)
    this.sender = options.sender
    this.recipients = options.recipients
    this.#head = Buffer.from(headOf(options, crc32(body).toString(16).padStart(8, '0')), 'latin1')
    this.#body = dotStuff(body)
    this.#plainBody = body
    this.sizeBytes = this.#head.length + body.length
    this.#numberAt = placesOf(this.#head, `${options.runId}-${'0'.repeat(NUMBER_DIGITS)}`).map(
      (at) => at + options.runId.length + 1,
    )
  }

  /** A writer with buffers of its own: one message at a time can be in flight from it. */
  writer(nextEnvelope: string): MessageWriter {
    return new MessageWriter(this.#head, this.#body, this.#numberAt, Buffer.from(nextEnvelope, 'latin1'))
  }

  /** A writer of messages as chunks, so many of them in flight at a time; `commands` stand before each BDAT. */
  chunkWriter(commands: string, depth: number): ChunkWriter {
    // RFC 3030 2: the octets are counted, and none of them is looked at.
    const before = Buffer.from(`${commands}BDAT ${this.sizeBytes} LAST\r\n`, 'latin1')
    const head = Buffer.concat([before, this.#head])
    return new ChunkWriter(
      head,
      this.#plainBody,
      this.#numberAt.map((at) => before.length + at),
      depth,
    )
  }
}

export class MessageWriter {
  readonly #head: Buffer
  readonly #numberAt: readonly number[]
  /** What follows the head, with and without the next envelope: slices of one memory where small. */
  readonly #last: readonly Buffer[]
  readonly #withEnvelope: readonly Buffer[]

  constructor(head: Buffer, body: Buffer, numberAt: readonly number[], nextEnvelope: Buffer) {
    this.#numberAt = numberAt
    if (head.length + body.length <= COPY_LIMIT_BYTES) {
      const whole = Buffer.concat([head, body, END_OF_DATA, nextEnvelope])
      this.#head = whole
      this.#last = [whole.subarray(0, whole.length - nextEnvelope.length)]
      this.#withEnvelope = [whole]
    } else {
      this.#head = Buffer.from(head)
      this.#last = [this.#head, body, END_OF_DATA]
      this.#withEnvelope = [this.#head, body, Buffer.concat([END_OF_DATA, nextEnvelope])]
    }
  }

  /**
   * The octets of message `number` from its header to the end of data (RFC 5321 4.1.1.4), with the
   * next envelope behind them when `envelopeFollows`. Valid until the next call.
   */
  octets(number: number, envelopeFollows: boolean): readonly Buffer[] {
    for (const at of this.#numberAt) writeNumber(this.#head, at, number)
    return envelopeFollows ? this.#withEnvelope : this.#last
  }
}

/**
 * Messages as chunks (RFC 3030), each with its commands before it, in places that are used again in turn: those
 * of neighbouring places are one piece of memory, and go out in one write.
 */
export class ChunkWriter {
  /** Messages that one write may hold: so much is copied at most, and so much is unverified when it is cut. */
  readonly perWrite: number
  readonly #places: Buffer
  readonly #stride: number
  /** Of large messages, which share it. */
  readonly #body: Buffer | undefined
  readonly #numberAt: readonly number[]

  constructor(head: Buffer, body: Buffer, numberAt: readonly number[], depth: number) {
    const isSmall = head.length + body.length <= COPY_LIMIT_BYTES
    const one = isSmall ? Buffer.concat([head, body]) : head
    this.#stride = one.length
    this.#body = isSmall ? undefined : body
    this.#numberAt = numberAt
    this.perWrite = isSmall ? Math.floor(COPY_LIMIT_BYTES / one.length) : 1
    this.#places = Buffer.concat(Array(depth).fill(one))
  }

  /** Message `number` takes a place. What stood there must have been answered. */
  put(place: number, number: number): void {
    const from = place * this.#stride
    for (const at of this.#numberAt) writeNumber(this.#places, from + at, number)
  }

  /** The octets of so many messages in a row of places. */
  octets(place: number, count: number): readonly Buffer[] {
    const octets = this.#places.subarray(place * this.#stride, (place + count) * this.#stride)
    return this.#body === undefined ? [octets] : [octets, this.#body]
  }
}

function writeNumber(octets: Buffer, at: number, number: number): void {
  let rest = number
  for (let digit = at + NUMBER_DIGITS - 1; digit >= at; digit--) {
    octets[digit] = 48 + (rest % 10)
    rest = Math.floor(rest / 10)
  }
}

/** The id of message `number` of a run, as it stands in its header. */
export function messageId(runId: string, number: number): string {
  return `${runId}-${String(number).padStart(NUMBER_DIGITS, '0')}`
}

function headOf(options: MessageOptions, bodyCrc: string): string {
  const id = messageId(options.runId, 0)
  return [
    `From: <${options.sender}>`,
    `To: <${options.recipients[0]}>`,
    'Subject: mailstorm load test message',
    `Date: ${rfc5322Date(options.date)}`,
    `Message-ID: <${id}@mailstorm.test>`,
    `${ID_HEADER}: ${id}`,
    `${BODY_CRC_HEADER}: ${bodyCrc}`,
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=us-ascii',
    '',
    '',
  ].join('\r\n')
}

function givenBody(octets: Uint8Array): Buffer {
  const body = Buffer.from(octets)
  // The final dot would stand within the last line, and the server would wait for more.
  if (body.length > 0 && body.subarray(-2).toString('latin1') !== '\r\n') {
    throw new MailstormError('BAD_OPTIONS', 'Failed to build a message: its body does not end in CRLF.')
  }
  return body
}

function generatedBody(options: MessageOptions, headBytes: number): Buffer {
  // The shortest body is one empty line.
  const least = headBytes + 2
  if (options.sizeBytes < least) {
    throw new MailstormError(
      'BAD_OPTIONS',
      `Failed to build a message of ${options.sizeBytes} bytes: its header alone takes ${headBytes}.`,
      `Ask for at least ${least} bytes.`,
    )
  }
  return textBody(options.sizeBytes - headBytes, options.seed)
}

/** RFC 5322 3.3, in UTC: `Sun, 22 Nov 2026 06:00:00 +0000`. */
function rfc5322Date(date: Date): string {
  return date.toUTCString().replace('GMT', '+0000')
}

function placesOf(haystack: Buffer, needle: string): number[] {
  const places: number[] = []
  for (let at = haystack.indexOf(needle); at !== -1; at = haystack.indexOf(needle, at + 1)) places.push(at)
  return places
}

const CRLF = '\r\n'
/** RFC 5322 2.1.1: lines should be at most 78 characters without CRLF. */
const LINE_CHARS = 76
const LETTERS = 'abcdefghijklmnopqrstuvwxyz     '

/**
 * Text of exactly `sizeBytes` octets in lines under 78 characters, each ended by CRLF, the same for
 * the same seed. No line begins with a dot, so it is sent as it is.
 */
export function textBody(sizeBytes: number, seed: number): Buffer {
  const random = mulberry32(seed)
  const lines: string[] = []
  let left = sizeBytes
  while (left > 0) {
    let chars = Math.min(LINE_CHARS, left - CRLF.length)
    // One octet left over could not hold a CRLF.
    if (left - chars - CRLF.length === 1) chars--
    lines.push(textLine(chars, random))
    left -= chars + CRLF.length
  }
  return Buffer.from(lines.map((line) => line + CRLF).join(''), 'latin1')
}

function textLine(chars: number, random: () => number): string {
  let line = ''
  for (let i = 0; i < chars; i++) line += LETTERS[Math.floor(random() * LETTERS.length)]
  return line
}

/** RFC 5321 4.5.2: a dot at the start of a line is doubled. */
export function dotStuff(body: Buffer): Buffer {
  const text = body.toString('latin1')
  if (!/(^|\r\n)\./.test(text)) return body
  return Buffer.from(text.replace(/(^|\r\n)\./g, '$1..'), 'latin1')
}

/** Small seeded generator with 32 bits of state (Tommy Ettinger, public domain); 0 ≤ x < 1. */
function mulberry32(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
