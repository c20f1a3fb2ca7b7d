import { createHash, type Hash, hash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { MimeDigest } from '../mime/mime-digest.ts'
import { type TransferDecoder, transferDecoder } from '../mime/transfer-decoder.ts'

const BLANK_LINE = Buffer.from('\r\n\r\n')
/** RFC 2045 6.1: the other encodings change nothing. */
const ENCODING = /^content-transfer-encoding:[ \t]*(base64|quoted-printable)[ \t]*\r?$/im

export interface Digest {
  /** Size as sent (RFC 1870), with the final CRLF, dots unstuffed. */
  readonly bytes: number
  /** SHA-256 of those bytes, one character per byte. */
  readonly sha256: string
  /** CRC-32 of everything after the blank line; undefined when the first block has none. */
  readonly bodyCrc32: number | undefined
  /** The same of the decoded body of a message in quoted-printable or base64, where that is asked for. */
  readonly decodedCrc32?: number | undefined
  /** Values of the requested fields, in that order; empty when absent. */
  readonly fields: readonly string[]
  /** MimeFacts as JSON; undefined unless requested. */
  readonly mime: string | undefined
}

/** What a digest keeps: header fields with the patterns that find them, and whether to digest MIME parts. */
export class DigestFields {
  readonly names: readonly string[]
  /** Whether texts and attachments are digested too. */
  readonly mime: boolean
  /** Whether there is a digest of the decoded body too. */
  readonly decoded: boolean
  readonly #patterns: readonly RegExp[]

  constructor(names: readonly string[] = [], { mime = false, decoded = false } = {}) {
    this.names = names
    this.mime = mime
    this.decoded = decoded
    // Field names are case-insensitive (RFC 5322 1.2.2); the values needed here are not folded.
    this.#patterns = names.map((name) => {
      // Node 22 has no RegExp.escape(); of the characters it escapes, these may occur in a name (RFC 5322 2.2).
      const literal = name.replaceAll(/[$()*+./?[\\\]^{|}]/g, '\\$&')
      return new RegExp(`^${literal}:[ \\t]*(.*?)[ \\t]*\\r?$`, 'im')
    })
  }

  find(header: Buffer): readonly string[] {
    if (this.names.length === 0) return this.names
    const text = header.toString('latin1')
    return this.#patterns.map((pattern) => pattern.exec(text)?.[1] ?? '')
  }
}

/** Digests content block by block; keeps none of it. */
export class ContentDigest {
  readonly #fields: DigestFields
  readonly #mime: MimeDigest | undefined
  #hash: Hash | undefined
  #bytes = 0
  #bodyCrc32: number | undefined
  #found: readonly string[] = []
  #decoder: TransferDecoder | undefined
  #decodedCrc32 = 0

  constructor(fields: DigestFields) {
    this.#fields = fields
    this.#mime = fields.mime ? new MimeDigest() : undefined
  }

  /** Call for every block but the last. */
  push(block: Buffer): void {
    this.#hash ??= createHash('sha256')
    this.#hash.update(block)
    this.#read(block)
  }

  /** Call with the last block, usually the only one. */
  end(block: Buffer): Digest {
    const sha256 =
      this.#hash === undefined ? hash('sha256', block, 'binary') : this.#hash.update(block).digest('binary')
    this.#read(block)
    const mime = this.#mime && JSON.stringify(this.#mime.end())
    const common = { bytes: this.#bytes, sha256, bodyCrc32: this.#bodyCrc32, fields: this.#found, mime }
    if (this.#decoder === undefined) return common
    return { ...common, decodedCrc32: crc32(this.#decoder.end(), this.#decodedCrc32) }
  }

  #read(block: Buffer): void {
    const isFirst = this.#bytes === 0
    this.#bytes += block.length
    this.#mime?.push(block)
    if (isFirst) {
      const bodyAt = bodyStart(block)
      this.#found = this.#fields.find(block.subarray(0, bodyAt))
      if (bodyAt === undefined) return
      this.#bodyCrc32 = crc32(block.subarray(bodyAt))
      if (this.#fields.decoded) this.#beginDecoding(block, bodyAt)
    } else if (this.#bodyCrc32 !== undefined) {
      this.#bodyCrc32 = crc32(block, this.#bodyCrc32)
      this.#decode(block)
    }
  }

  #beginDecoding(block: Buffer, bodyAt: number): void {
    const [, encoding] = ENCODING.exec(block.toString('latin1', 0, bodyAt)) ?? []
    if (encoding === undefined) return
    this.#decoder = transferDecoder(encoding)
    this.#decode(block.subarray(bodyAt))
  }

  #decode(octets: Buffer): void {
    if (this.#decoder !== undefined)
      this.#decodedCrc32 = crc32(this.#decoder.push(octets), this.#decodedCrc32)
  }
}

/** Offset after the blank line that ends the header (RFC 5322 2.1); undefined when there is none. */
export function bodyStart(block: Buffer): number | undefined {
  const at = block.indexOf(BLANK_LINE)
  return at === -1 ? undefined : at + BLANK_LINE.length
}
