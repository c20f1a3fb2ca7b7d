const CR = 0x0d
const LF = 0x0a
const DOT = 0x2e
const CRLF = Buffer.from('\r\n')
const CRLF_DOT = Buffer.from('\r\n.')
const NOTHING = Buffer.alloc(0)

/**
 * Reads the content after DATA up to CRLF.CRLF, however TCP splits it, and removes dot-stuffing (RFC 5321
 * 4.5.2). Only CRLF ends a line (RFC 5321 2.3.8): bare CR and LF are content, so a message cannot smuggle in an
 * end that another server would not see.
 */
export class DataReader {
  readonly #take: (piece: Buffer) => void
  /** Tail of the previous input that may be the beginning of CRLF.CRLF. */
  #held = NOTHING
  #atFirstLine = true

  /** `take` gets the content in pieces, including the final CRLF; they are views of the pushed chunks. */
  constructor(take: (piece: Buffer) => void) {
    this.#take = take
  }

  /** Returns what follows the end of the content, or undefined when it has not ended. */
  push(chunk: Buffer): Buffer | undefined {
    if (chunk.length === 0) return undefined
    const joined = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
    this.#held = NOTHING
    if (!this.#atFirstLine || joined[0] !== DOT) {
      this.#atFirstLine = false
      return this.#scan(joined, 0)
    }
    if (joined.length === 1 || (joined.length === 2 && joined[1] === CR)) return this.#hold(joined, 0, 0)
    this.#atFirstLine = false
    // A dot at the beginning of the content follows the CRLF of the DATA command, which is not content.
    return this.#scan(Buffer.concat([CRLF, joined]), CRLF.length)
  }

  /** `from`: where the content not yet taken begins. */
  #scan(bytes: Buffer, from: number): Buffer | undefined {
    let contentAt = from
    let searchAt = 0
    for (;;) {
      const at = bytes.indexOf(CRLF_DOT, searchAt)
      if (at === -1) break
      const afterDot = at + CRLF_DOT.length
      const undecided = afterDot === bytes.length || (bytes[afterDot] === CR && afterDot + 1 === bytes.length)
      if (undecided) return this.#hold(bytes, contentAt, at)
      this.#give(bytes, contentAt, at + CRLF.length)
      if (bytes[afterDot] === CR && bytes[afterDot + 1] === LF) return bytes.subarray(afterDot + 2)
      contentAt = afterDot
      searchAt = afterDot
    }
    return this.#hold(bytes, contentAt, bytes.length - openLineEnd(bytes, contentAt))
  }

  #hold(bytes: Buffer, contentAt: number, heldAt: number): undefined {
    this.#give(bytes, contentAt, heldAt)
    // Copied, so that a few bytes do not keep a whole chunk alive.
    this.#held = Buffer.from(bytes.subarray(heldAt))
  }

  #give(bytes: Buffer, from: number, to: number): void {
    if (to > from) this.#take(bytes.subarray(from, to))
  }
}

/** Bytes at the end that may begin CRLF.CRLF, without its dot: 0, 1 (CR) or 2 (CRLF). */
function openLineEnd(bytes: Buffer, contentAt: number): number {
  const last = bytes.length - 1
  if (last >= contentAt && bytes[last] === CR) return 1
  return last - 1 >= contentAt && bytes[last] === LF && bytes[last - 1] === CR ? 2 : 0
}
