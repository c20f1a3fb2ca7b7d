export interface Extent {
  readonly offset: number
  readonly length: number
}

/** Facts of a message. Strings from SMTP have one character per byte, see src/programs/sink/http/go-json.ts. */
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
  /** Values of the header fields shown in digests, in their order. */
  readonly fields: readonly string[]
  /** MimeFacts as JSON, where they are kept. */
  readonly mime?: string | undefined
  /** Location of the rest, for a message spooled in several blocks. */
  readonly moreExtents: readonly Extent[] | undefined
}

// Separators that cannot occur in the values: MailHog ends an address at `>`; a field's value has one line.
const ADDRESS_END = '>'
const FIELD_END = '\n'
const SHA256_BYTES = 32
const CRC32_BYTES = 4

/**
 * The in-memory part of a message; its content is in the spool. A run may store millions, so the strings are
 * packed into few: every separate string or array costs 16 to 60 bytes beyond its text.
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
  /** SHA-256, a flag for the CRC-32, CRC-32, fields. */
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

/** A flag character, and the bytes if there are any. */
function packed(crc32: number | undefined): string {
  const bytes = Buffer.alloc(CRC32_BYTES)
  bytes.writeUInt32BE(crc32 ?? 0)
  return `${crc32 === undefined ? 0 : 1}${bytes.toString('latin1')}`
}

/** V8 keeps a substring as a reference to the whole string (here a whole header), so copy it. */
function ownString(part: string): string {
  return Buffer.from(part, 'latin1').toString('latin1')
}

/** Bytes of `Raw.Data` in MailHog's API: everything but the final CRLF. */
export function apiSizeBytes(message: MessageFacts): number {
  return Math.max(0, message.bytes - 2)
}
