import { crc32 } from 'node:zlib'
import { MailstormError } from '../error.ts'
import type { Content, Traits } from './content.ts'
import { type Header, headOf, rfc5322Date } from './head.ts'
import { numberPlaces, writeNumber } from './id.ts'
import { textBody } from './text.ts'

export interface TemplateOptions {
  /** Unique to the run; ids are `<runId>-<number>`. */
  readonly runId: string
  readonly sender: string
  readonly recipients: readonly string[]
  /** Size of the whole message as RFC 1870 3 counts it: header and body with CRLF, before dot-stuffing. */
  readonly sizeBytes: number
  readonly seed: number
  /** Instead of generated text: any octets whose lines end in CRLF. `sizeBytes` then does not count. */
  readonly body?: Uint8Array
  /** Value of the Date header, in epoch milliseconds. */
  readonly dateMs: number
  /** Beside ours, or in place of them. */
  readonly headers?: readonly Header[]
}

/** The message of a run in which all are alike but for their numbers, which a sender patches in place. */
export class MessageTemplate implements Content {
  readonly sizeBytes: number
  /** Of message 0. */
  readonly head: Buffer
  readonly body: Buffer
  /** Offsets of the number in the head. */
  readonly numberAt: readonly number[]
  readonly #traits: Traits

  constructor(options: TemplateOptions) {
    const headBytes = headText(options, 0).length
    const body = options.body === undefined ? generatedBody(options, headBytes) : givenBody(options.body)
    this.head = Buffer.from(headText(options, crc32(body)), 'latin1')
    this.body = body
    this.sizeBytes = this.head.length + body.length
    this.numberAt = numberPlaces(this.head, options.runId)
    this.#traits = options.body === undefined ? GENERATED : traitsOf(body)
  }

  sizeOf(): number {
    return this.sizeBytes
  }

  octetsOf(message: number): readonly Buffer[] {
    const head = Buffer.from(this.head)
    for (const at of this.numberAt) writeNumber(head, at, message)
    return [head, this.body]
  }

  traits(): Traits {
    return this.#traits
  }
}

export const GENERATED: Traits = { eightBit: false, utf8Headers: false, longestLine: 76, dotLines: false }

function traitsOf(body: Buffer): Traits {
  const text = body.toString('latin1')
  const lines = text.split('\r\n')
  return {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII (RFC 6152 2).
    eightBit: /[^\x00-\x7f]/.test(text),
    utf8Headers: false,
    longestLine: lines.reduce((longest, line) => Math.max(longest, line.length), 0),
    dotLines: lines.some((line) => line.startsWith('.')),
  }
}

function headText({ recipients, dateMs, ...options }: TemplateOptions, bodyCrc: number): string {
  const [recipient = ''] = recipients
  return headOf({ ...options, recipient, message: 0, date: rfc5322Date(dateMs), bodyCrc })
}

function givenBody(octets: Uint8Array): Buffer {
  const body = Buffer.from(octets)
  // The final dot would stand within the last line, and the server would wait for more.
  if (body.length > 0 && body.subarray(-2).toString('latin1') !== '\r\n') {
    throw new MailstormError('BAD_OPTIONS', 'Failed to build a message: its body does not end in CRLF.')
  }
  return body
}

function generatedBody(options: TemplateOptions, headBytes: number): Buffer {
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
