import { writeNumber } from '../../mail/id.ts'
import type { MessageTemplate } from '../../mail/template.ts'
import type { Envelope } from './envelope.ts'

const END_OF_DATA = Buffer.from('.\r\n')
/** Up to this size a message and the envelope after it are copied into one buffer for one write. */
export const COPY_LIMIT_BYTES = 64 * 1024

/** Writes one message after another: one at a time can be in flight from it. */
export interface MessageWriter {
  /**
   * The octets of message `number` from its header to the end of data (RFC 5321 4.1.1.4), with the
   * next envelope behind them where there is one. Valid until the next call.
   */
  octets(number: number, next: Envelope | undefined): readonly Buffer[]
}

/** Messages that differ in their numbers alone, so that one costs the sender no allocation. */
export class TemplateWriter implements MessageWriter {
  readonly #head: Buffer
  readonly #numberAt: readonly number[]
  /** What follows the head, with and without the next envelope: slices of one memory where small. */
  readonly #last: readonly Buffer[]
  readonly #withEnvelope: readonly Buffer[]

  /** `envelope`: of all of them, so that it is what follows. */
  constructor(template: MessageTemplate, envelope: Envelope) {
    const { head, numberAt } = template
    const body = dotStuff(template.body)
    const nextEnvelope = Buffer.from(envelope.whole, 'latin1')
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

  octets(number: number, next: Envelope | undefined): readonly Buffer[] {
    for (const at of this.#numberAt) writeNumber(this.#head, at, number)
    return next === undefined ? this.#last : this.#withEnvelope
  }
}

/**
 * Messages as chunks (RFC 3030), each with its commands before it, in places that are used again in turn.
 */
export interface ChunkWriter {
  /** Room for one more in the same write: so much is copied at most, and so much is unverified when it is cut. */
  hasRoom(added: number): boolean
  /** Message `number` takes a place. What stood there must have been answered. */
  put(place: number, number: number, envelope: Envelope): void
  /** The octets of so many messages in a row of places. */
  octets(place: number, count: number): readonly Buffer[]
}

/** Those of neighbouring places are one piece of memory, and go out in one write. */
export class TemplateChunkWriter implements ChunkWriter {
  readonly #perWrite: number
  readonly #places: Buffer
  readonly #stride: number
  /** Of large messages, which share it. */
  readonly #body: Buffer | undefined
  readonly #numberAt: readonly number[]

  /** `envelope`: of all of them; `depth`: places. */
  constructor(template: MessageTemplate, envelope: Envelope, depth: number) {
    const before = Buffer.from(chunkCommands(envelope, template.sizeBytes), 'latin1')
    const head = Buffer.concat([before, template.head])
    const { body } = template
    const isSmall = head.length + body.length <= COPY_LIMIT_BYTES
    const one = isSmall ? Buffer.concat([head, body]) : head
    this.#stride = one.length
    this.#body = isSmall ? undefined : body
    this.#numberAt = template.numberAt.map((at) => before.length + at)
    this.#perWrite = isSmall ? Math.floor(COPY_LIMIT_BYTES / one.length) : 1
    this.#places = Buffer.concat(Array(depth).fill(one))
  }

  hasRoom(added: number): boolean {
    return added < this.#perWrite
  }

  put(place: number, number: number): void {
    const from = place * this.#stride
    for (const at of this.#numberAt) writeNumber(this.#places, from + at, number)
  }

  octets(place: number, count: number): readonly Buffer[] {
    const octets = this.#places.subarray(place * this.#stride, (place + count) * this.#stride)
    return this.#body === undefined ? [octets] : [octets, this.#body]
  }
}

/** What stands before the octets of a chunk, which are counted and not looked at (RFC 3030 2). */
export function chunkCommands({ mail, rcpt }: Envelope, sizeBytes: number): string {
  // Without RSET a refused envelope would stand, and refuse the MAIL of the next message (RFC 5321 4.1.1.5).
  return `RSET\r\n${mail}${rcpt.join('')}BDAT ${sizeBytes} LAST\r\n`
}

/** RFC 5321 4.5.2: a dot at the start of a line is doubled. */
export function dotStuff(body: Buffer): Buffer {
  const text = body.toString('latin1')
  if (!/(^|\r\n)\./.test(text)) return body
  return Buffer.from(text.replace(/(^|\r\n)\./g, '$1..'), 'latin1')
}
