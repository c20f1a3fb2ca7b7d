import { crc32 } from 'node:zlib'
import { textBody } from './text.ts'

/** Octets of a whole line of generated text, with CRLF (text.ts). */
const LINE_OCTETS = 78
const CRLF = Buffer.from('\r\n')
const EMPTY_LINE_BEHIND = Buffer.from('\r\n\r\n')
const NOTHING = Buffer.alloc(0)
/** CRCs are known at every so many octets: what is left to be added is so little that it costs as much as a call. */
const STEP_OCTETS = 16 * LINE_OCTETS
/** The text is repeated after so much: what a thread holds, whatever the sizes. */
const BLOCK_OCTETS = 840 * STEP_OCTETS

/** A body: the beginning of the text up to a cut, and a last line's end. */
export interface TextCut {
  readonly cut: number
  readonly end: Buffer
  readonly crc: number
}

/** One text without end, of which bodies are as much as they need: only their last line is made for them. */
export class EndlessText {
  readonly #block: Buffer
  /** CRC-32 of the text up to each step, as far as it was needed. */
  readonly #crcs: number[] = [0]

  /** `mostBytes`: of the longest body. */
  constructor(seed: number, mostBytes: number) {
    const steps = Math.ceil(Math.min(mostBytes, BLOCK_OCTETS) / STEP_OCTETS)
    this.#block = textBody(steps * STEP_OCTETS, seed)
  }

  /** Of which all bodies begin, those that are no longer than it. */
  get beginning(): Buffer {
    return this.#block
  }

  /** A body of exactly `bytes`, at least 2, in whole lines. */
  bodyOf(bytes: number): TextCut {
    const over = bytes % LINE_OCTETS
    // One octet left over could not hold a CRLF: the line before it is shorter, and an empty one follows.
    const end = over === 0 ? NOTHING : over === 1 ? EMPTY_LINE_BEHIND : CRLF
    const cut = bytes - end.length
    const before = this.#crcTo(cut)
    return { cut, end, crc: over === 0 ? before : crc32(end, before) }
  }

  /** The same in slices of memory that all bodies share. */
  parts({ cut, end }: TextCut): readonly Buffer[] {
    const block = this.#block
    const parts: Buffer[] = []
    let left = cut
    for (; left > block.length; left -= block.length) parts.push(block)
    parts.push(block.subarray(0, left), end)
    return parts
  }

  #crcTo(bytes: number): number {
    const step = Math.floor(bytes / STEP_OCTETS)
    const crcs = this.#crcs
    for (let next = crcs.length; next <= step; next++)
      crcs.push(crc32(this.#from(next - 1, STEP_OCTETS), crcs[next - 1]))
    const rest = bytes - step * STEP_OCTETS
    return rest === 0 ? (crcs[step] as number) : crc32(this.#from(step, rest), crcs[step])
  }

  #from(step: number, bytes: number): Buffer {
    const at = (step * STEP_OCTETS) % this.#block.length
    return this.#block.subarray(at, at + bytes)
  }
}
