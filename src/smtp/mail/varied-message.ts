import type { Composition } from '../../mail/content.ts'
import type { Mail } from '../../mail/mail.ts'
import type { Envelope } from './envelope.ts'
import { type ChunkWriter, COPY_LIMIT_BYTES, chunkCommands, type MessageWriter } from './message.ts'

const END_OF_DATA = '.\r\n'
const DOT = 0x2e
const LF = 0x0a
const LINE_WITH_DOT = Buffer.from('\r\n.')
const NOTHING: readonly Buffer[] = []

/**
 * Messages that differ. Where their bodies begin alike, that beginning stays in memory, and only header and end are
 * written around it; other small ones are copied into one buffer. The parts of large ones stay where they are.
 */
export class VariedWriter implements MessageWriter {
  readonly #mail: Mail
  readonly #around: TextMemory | undefined
  #memory = Buffer.alloc(0)

  constructor(mail: Mail) {
    this.#mail = mail
    this.#around = mail.beginning && new TextMemory(mail.beginning)
  }

  octets(number: number, next: Envelope | undefined): readonly Buffer[] {
    const end = next === undefined ? END_OF_DATA : END_OF_DATA + next.whole
    const around = this.#around
    if (around !== undefined && this.#mail.sizeOf(number) <= COPY_LIMIT_BYTES) {
      const composition = this.#mail.composed?.(number)
      if (composition !== undefined && composition.head.length < LONGEST_HEAD / 3)
        return [around.message(composition, end)]
    }
    const plain = this.#mail.octetsOf(number)
    const parts = this.#mail.traits(number).dotLines ? stuffed(plain) : plain
    const bytes = lengthOf(parts)
    if (bytes > COPY_LIMIT_BYTES) return [...parts, Buffer.from(end, 'latin1')]
    const whole = this.#room(bytes + end.length)
    whole.write(end, copyInto(whole, parts), 'latin1')
    return [whole]
  }

  /** The transport has written the last message before the next one is asked for. */
  #room(bytes: number): Buffer {
    if (this.#memory.length < bytes) this.#memory = Buffer.allocUnsafeSlow(bytes + bytes / 4)
    return this.#memory.subarray(0, bytes)
  }
}

/** Room before the text for a header, of which a character takes up to three octets. */
const LONGEST_HEAD = 3 * 1024

/** One piece of memory with a text in it, around which message after message is written. */
class TextMemory {
  readonly #text: Buffer
  #memory = Buffer.alloc(0)
  /** Where the text is not itself, from its beginning: the end of the last message. */
  #from = 0
  #to = 0

  constructor(text: Buffer) {
    this.#text = text
  }

  message({ head, isUtf8, cut, end }: Composition, behind: string): Buffer {
    const to = cut + end.length + behind.length
    if (LONGEST_HEAD + to > this.#memory.length) this.#grow(to)
    const memory = this.#memory
    this.#text.copy(memory, LONGEST_HEAD + this.#from, this.#from, this.#to)
    this.#from = cut
    this.#to = to
    end.copy(memory, LONGEST_HEAD + cut)
    memory.write(behind, LONGEST_HEAD + cut + end.length, 'latin1')
    const headAt = LONGEST_HEAD - (isUtf8 ? Buffer.byteLength(head) : head.length)
    memory.write(head, headAt, isUtf8 ? 'utf8' : 'latin1')
    return memory.subarray(headAt, LONGEST_HEAD + to)
  }

  #grow(bytes: number): void {
    this.#memory = Buffer.allocUnsafeSlow(LONGEST_HEAD + bytes + Math.ceil(bytes / 4))
    this.#text.copy(this.#memory, LONGEST_HEAD)
    this.#from = 0
    this.#to = 0
  }
}

export class VariedChunkWriter implements ChunkWriter {
  readonly #mail: Mail
  /** By place: commands, header and body. */
  readonly #places: (readonly Buffer[])[] = []
  /** Of what was put since the last write. */
  #bytes = 0
  /** For small messages, which are copied together: free again when the next one is put. */
  #memory = Buffer.alloc(0)
  #used = 0

  constructor(mail: Mail) {
    this.#mail = mail
  }

  hasRoom(added: number): boolean {
    return added === 0 || this.#bytes < COPY_LIMIT_BYTES
  }

  put(place: number, number: number, envelope: Envelope): void {
    const commands = Buffer.from(chunkCommands(envelope, this.#mail.sizeOf(number)), 'latin1')
    const parts = [commands, ...this.#mail.octetsOf(number)]
    this.#places[place] = parts
    this.#bytes += lengthOf(parts)
    this.#used = 0
  }

  octets(place: number, count: number): readonly Buffer[] {
    this.#bytes = 0
    const parts = this.#places.slice(place, place + count).flat()
    // A large message is not to be held until its place is taken again.
    this.#places.fill(NOTHING, place, place + count)
    const bytes = lengthOf(parts)
    if (bytes > 2 * COPY_LIMIT_BYTES) return parts
    // Places in two rows go out in one write: the octets of the first stay where they are.
    if (this.#memory.length < this.#used + bytes) {
      this.#memory = Buffer.allocUnsafeSlow(bytes + bytes / 4)
      this.#used = 0
    }
    const whole = this.#memory.subarray(this.#used, this.#used + bytes)
    copyInto(whole, parts)
    this.#used += bytes
    return [whole]
  }
}

function lengthOf(parts: readonly Buffer[]): number {
  let bytes = 0
  for (const part of parts) bytes += part.length
  return bytes
}

/** Returns where they end. */
function copyInto(target: Buffer, parts: readonly Buffer[]): number {
  let at = 0
  for (const part of parts) at += part.copy(target, at)
  return at
}

/**
 * RFC 5321 4.5.2: a dot at the start of a line is doubled. Nothing is copied: what ends with such a dot is followed by
 * what begins with it.
 */
export function stuffed(parts: readonly Buffer[]): readonly Buffer[] {
  const sent: Buffer[] = []
  // A line may begin in one part and its dot stand in the next.
  let before = '\r\n'
  for (const part of parts) {
    let from = 0
    if (part[0] === DOT && before === '\r\n') sent.push(part.subarray(0, 1))
    else if (part[0] === LF && part[1] === DOT && before.endsWith('\r')) {
      sent.push(part.subarray(0, 2))
      from = 1
    }
    for (let at = part.indexOf(LINE_WITH_DOT, from); at !== -1; at = part.indexOf(LINE_WITH_DOT, from)) {
      sent.push(part.subarray(from, at + LINE_WITH_DOT.length))
      from = at + LINE_WITH_DOT.length - 1
    }
    sent.push(part.subarray(from))
    before = (before + part.toString('latin1', Math.max(0, part.length - 2))).slice(-2)
  }
  return sent
}
