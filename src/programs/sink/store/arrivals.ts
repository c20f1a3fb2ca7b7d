import type { Digest } from '../smtp/content-digest.ts'
import { Spool } from './spool.ts'

/** One line of `/sink/arrivals`: one message as it came in. */
export interface ArrivalLine {
  /** By the header that is asked for; empty when the message has none. */
  readonly id: string
  /** When it had come in whole, in milliseconds since 1970, with a fraction. */
  readonly at_epoch_ms: number
  /** Envelope recipients, in the order of RCPT. */
  readonly to: readonly string[]
  /** `reencoded`: another Content-Transfer-Encoding of the same octets (RFC 6152). */
  readonly body: 'intact' | 'reencoded' | 'damaged' | 'unknown'
  /** In base64, of messages without an id, which may be reports, and of damaged ones, as far as there is room. */
  readonly raw?: string
}

export interface NewArrival {
  readonly to: readonly string[]
  readonly digest: Digest
  /** Undefined when it came in several blocks. */
  readonly whole: Buffer | undefined
}

/** Of one message; a report with the message that it returns is smaller. */
const MOST_RAW_BYTES = 256 * 1024
/** Of all messages together, on disk. */
const MOST_RAW_BYTES_OF_ALL = 256 * 1024 ** 2
const PIECE_BYTES = 256 * 1024

/**
 * What came in, a line each, in a file: nothing of a message is kept in memory, however many there are. The first
 * field of the digests is the id, the second the CRC-32 of the body.
 */
export class ArrivalJournal {
  readonly #spool: Spool
  #count = 0
  #rawBytes = 0

  constructor(folder?: string) {
    this.#spool = Spool.open(folder)
  }

  get count(): number {
    return this.#count
  }

  /** Where the next line will begin. */
  get bytes(): number {
    return this.#spool.endOffset
  }

  /** Throws when they cannot be written; none of them then counts. */
  add(arrivals: readonly NewArrival[], atEpochMs: number): void {
    const lines = arrivals.map((arrival) => `${JSON.stringify(this.#lineOf(arrival, atEpochMs))}\n`)
    this.#spool.append([Buffer.from(lines.join(''))])
    this.#count += arrivals.length
  }

  /** The lines from an offset in bytes on, as they are now. */
  *read(from: number): Generator<Buffer> {
    const end = this.#spool.endOffset
    for (let at = from; at < end; at += PIECE_BYTES) {
      const piece = Buffer.allocUnsafe(Math.min(PIECE_BYTES, end - at))
      this.#spool.readInto(piece, at)
      yield piece
    }
  }

  close(): void {
    this.#spool.release()
  }

  #lineOf({ to, digest, whole }: NewArrival, atEpochMs: number): ArrivalLine {
    const [id = ''] = digest.fields
    const body = bodyState(digest)
    const line = { id, at_epoch_ms: atEpochMs, to: to.map(utf8), body }
    const isWanted = whole !== undefined && (id === '' || body === 'damaged')
    if (!isWanted || this.#rawBytes >= MOST_RAW_BYTES_OF_ALL) return line
    const raw = whole.toString('base64', 0, MOST_RAW_BYTES)
    this.#rawBytes += raw.length
    return { ...line, raw }
  }
}

function bodyState({ fields, bodyCrc32, decodedCrc32 }: Digest): ArrivalLine['body'] {
  const expected = Number.parseInt(fields[1] ?? '', 16)
  if (Number.isNaN(expected) || bodyCrc32 === undefined) return 'unknown'
  if (bodyCrc32 === expected) return 'intact'
  return decodedCrc32 === expected ? 'reencoded' : 'damaged'
}

/** Addresses have one character per byte in here (RFC 6531 has them in UTF-8). */
function utf8(address: string): string {
  return Buffer.from(address, 'latin1').toString()
}
