export interface Extent {
  readonly offset: number
  readonly length: number
}

/** What a message is made of. Strings from SMTP have one character per byte, see src/programs/sink/http/go-json.ts. */
export interface MessageFacts extends Extent {
  readonly id: string
  /** Milliseconds since 1970, with a fraction. */
  readonly createdEpochMs: number
  readonly from: string
  readonly to: readonly string[]
  readonly helo: string
  /** Size as sent (RFC 1870): with the final CRLF, without stuffed dots. */
  readonly bytes: number
  /** SHA-256 of those bytes, one character per byte. */
  readonly sha256: string
  /** CRC-32 of the body; undefined without a blank line in the first block. */
  readonly bodyCrc32: number | undefined
  /** Values of the header fields that digests show, in their order. */
  readonly fields: readonly string[]
  /** MimeFacts as JSON, where they are kept. */
  readonly mime?: string | undefined
  /** Where the rest is, of a message that was spooled in several blocks. */
  readonly moreExtents: readonly Extent[] | undefined
}

// Neither can be in what it separates: MailHog ends an address at it; a field's value is of one line.
const ADDRESS_END = '>'
const FIELD_END = '\n'
const SHA256_BYTES = 32
const CRC32_BYTES = 4

/**
 * What memory holds of a message; its content is in the spool. A run may store millions, so the strings
 * are packed into few: every string and array of its own costs 16 to 60 bytes beside its text.
 */
export class StoredMessage implements MessageFacts {
  readonly id: string
  readonly createdEpochMs: number
  readonly helo: string
  readonly bytes: number
  readonly offset: number
  readonly length: number
  readonly moreExtents: readonly Extent[] | undefined
  readonly mime: string | undefined
  /** Sender and recipients. */
  readonly #addresses: string
  /** SHA-256, whether there is a CRC-32, CRC-32, fields. */
  readonly #digest: string

  constructor(facts: MessageFacts) {
    this.id = facts.id
    this.createdEpochMs = facts.createdEpochMs
    this.helo = facts.helo
    this.bytes = facts.bytes
    this.offset = facts.offset
    this.length = facts.length
    this.moreExtents = facts.moreExtents
    this.mime = facts.mime
    this.#addresses = ownString([facts.from, ...facts.to].join(ADDRESS_END))
    this.#digest = ownString(facts.sha256 + packed(facts.bodyCrc32) + facts.fields.join(FIELD_END))
  }

  get from(): string {
    return this.#addresses.split(ADDRESS_END, 1)[0] ?? ''
  }

  get to(): readonly string[] {
    return this.#addresses.split(ADDRESS_END).slice(1)
  }

  get sha256(): string {
    return this.#digest.slice(0, SHA256_BYTES)
  }

  get bodyCrc32(): number | undefined {
    if (this.#digest.charAt(SHA256_BYTES) === '0') return undefined
    const at = SHA256_BYTES + 1
    return Buffer.from(this.#digest.slice(at, at + CRC32_BYTES), 'latin1').readUInt32BE()
  }

  get fields(): readonly string[] {
    return this.#digest.slice(SHA256_BYTES + 1 + CRC32_BYTES).split(FIELD_END)
  }
}

/** One character that says whether there is one, and its bytes. */
function packed(crc32: number | undefined): string {
  const bytes = Buffer.alloc(CRC32_BYTES)
  bytes.writeUInt32BE(crc32 ?? 0)
  return `${crc32 === undefined ? 0 : 1}${bytes.toString('latin1')}`
}

/** V8 keeps a part of a string as a reference to the whole (here: to a whole header), so copy it. */
function ownString(part: string): string {
  return Buffer.from(part, 'latin1').toString('latin1')
}

/** Bytes of `Raw.Data` in MailHog's API: all but the final CRLF. */
export function apiSizeBytes(message: MessageFacts): number {
  return Math.max(0, message.bytes - 2)
}
