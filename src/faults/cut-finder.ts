import type { Place } from './proxy-plan.ts'

const NOTHING = Buffer.alloc(0)

/** Finds the place of a cut in a stream, wherever its chunks begin and end. Pure. */
export class CutFinder {
  readonly #after: Place
  /** What has to come first; undefined once it came. */
  #behind: Buffer | undefined
  /** The end of what passed while that did not come: it may hold its beginning. */
  #before: Buffer = NOTHING
  /** Octets that passed. */
  #passed = 0
  /** The end of what came, while it may be the beginning of the text. */
  #held: Buffer = NOTHING

  constructor(after: Place) {
    this.#after = after
    if ('text' in after && after.behind !== undefined) this.#behind = Buffer.from(after.behind, 'latin1')
  }

  /** What may pass, and whether the place was reached behind it. */
  push(chunk: Buffer): { readonly pass: Buffer; readonly reached: boolean } {
    if ('bytes' in this.#after) return this.#pushCounted(chunk, this.#after.bytes)
    const start = this.#startOfSearch(chunk)
    const found = this.#pushSearched(chunk.subarray(start), Buffer.from(this.#after.text, 'latin1'))
    return { ...found, pass: Buffer.concat([chunk.subarray(0, start), found.pass]) }
  }

  /** What is held back when the stream ends: the text did not come. */
  rest(): Buffer {
    return this.#held
  }

  /** Where in a chunk the text counts: at its end while what has to come first has not come. */
  #startOfSearch(chunk: Buffer): number {
    if (this.#behind === undefined) return 0
    const all = Buffer.concat([this.#before, chunk])
    const at = all.indexOf(this.#behind)
    if (at === -1) {
      this.#before = all.subarray(Math.max(0, all.length - this.#behind.length + 1))
      return chunk.length
    }
    const end = at + this.#behind.length - this.#before.length
    this.#behind = undefined
    return end
  }

  #pushCounted(chunk: Buffer, bytes: number) {
    const pass = chunk.subarray(0, Math.max(0, bytes - this.#passed))
    this.#passed += pass.length
    return { pass, reached: this.#passed >= bytes }
  }

  #pushSearched(chunk: Buffer, text: Buffer) {
    const all = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
    const at = all.indexOf(text)
    if (at !== -1) return { pass: all.subarray(0, at), reached: true }
    const held = beginningAtEnd(all, text)
    this.#held = all.subarray(all.length - held)
    return { pass: all.subarray(0, all.length - held), reached: false }
  }
}

/** How many of the last octets are the first ones of the text. */
function beginningAtEnd(octets: Buffer, text: Buffer): number {
  for (let length = Math.min(text.length - 1, octets.length); length > 0; length--) {
    if (octets.subarray(octets.length - length).equals(text.subarray(0, length))) return length
  }
  return 0
}
