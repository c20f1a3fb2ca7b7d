/** One piece of a client's input. `octets`: message text with dot-stuffing removed (RFC 5321 4.5.2). */
export type Piece =
  | { readonly kind: 'line'; readonly text: string }
  | { readonly kind: 'octets'; readonly octets: Buffer }
  | { readonly kind: 'end' }
  | { readonly kind: 'end-of-chunk' }
  | { readonly kind: 'too-long' }

const CRLF = '\r\n'
const DOT = 0x2e
/**
 * Far above the 1,000 octets of RFC 5321 4.5.3.1.6. A client that never ends a line must not fill the memory.
 */
const MAX_LINE_BYTES = 1_048_576

/** Splits a client's octets into command lines or, within DATA, lines of a message, or within a chunk, its octets. */
export class SmtpInput {
  #pending: Buffer = Buffer.alloc(0)
  #searched = 0
  /** Set by the session once it has answered 354. */
  inData = false
  /** Octets of a chunk that are still to come (RFC 3030 2); set by the session at BDAT. */
  chunkBytesLeft: number | undefined

  push(chunk: Buffer): void {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk])
  }

  get pendingBytes(): number {
    return this.#pending.length
  }

  /** Undefined when more input is needed. */
  next(): Piece | undefined {
    if (this.chunkBytesLeft !== undefined) return this.#ofChunk(this.chunkBytesLeft)
    const end = this.#pending.indexOf(CRLF, Math.max(0, this.#searched - 1), 'latin1')
    if (end === -1) {
      this.#searched = this.#pending.length
      return this.#pending.length > MAX_LINE_BYTES ? { kind: 'too-long' } : undefined
    }
    const line = this.#pending.subarray(0, end + CRLF.length)
    this.#pending = this.#pending.subarray(end + CRLF.length)
    this.#searched = 0
    if (!this.inData) return { kind: 'line', text: line.toString('latin1', 0, end) }
    if (line[0] !== DOT) return { kind: 'octets', octets: line }
    if (end > 1) return { kind: 'octets', octets: line.subarray(1) }
    this.inData = false
    return { kind: 'end' }
  }

  #ofChunk(bytesLeft: number): Piece | undefined {
    if (bytesLeft === 0) {
      this.chunkBytesLeft = undefined
      return { kind: 'end-of-chunk' }
    }
    if (this.#pending.length === 0) return undefined
    const octets = this.#pending.subarray(0, bytesLeft)
    this.#pending = this.#pending.subarray(octets.length)
    this.chunkBytesLeft = bytesLeft - octets.length
    this.#searched = 0
    return { kind: 'octets', octets }
  }
}
