import type { Spool } from './spool.ts'
import type { StoredMessage } from './stored-message.ts'

/** Neighbours in the spool are mostly asked for together, so a read takes a window of them. */
const WINDOW_BYTES = 256 * 1024

/** Reads contents from one spool for one request; holds the spool open until closed. */
export class SpoolReader implements Disposable {
  readonly #spool: Spool
  #window = Buffer.alloc(0)
  #windowStart = 0

  constructor(spool: Spool) {
    this.#spool = spool.retain()
  }

  [Symbol.dispose](): void {
    this.#spool.release()
  }

  /**
   * The message as received, its final CRLF included, one character per byte. The string is a copy:
   * nothing in the window is referred to.
   */
  text(message: StoredMessage): string {
    if (message.moreExtents === undefined) return this.#part(message.offset, message.length)
    let text = this.#part(message.offset, message.length)
    for (const { offset, length } of message.moreExtents) text += this.#part(offset, length)
    return text
  }

  /** The same as bytes, a block at a time. */
  *blocks(message: StoredMessage): Generator<Buffer> {
    for (const { offset, length } of [message, ...(message.moreExtents ?? [])]) {
      const block = Buffer.allocUnsafe(length)
      this.#spool.readInto(block, offset)
      yield block
    }
  }

  #part(offset: number, length: number): string {
    if (length === 0) return ''
    if (length > WINDOW_BYTES / 2) {
      const block = Buffer.allocUnsafe(length)
      this.#spool.readInto(block, offset)
      return block.toString('latin1', 0, length)
    }
    const windowEnd = this.#windowStart + this.#window.length
    if (offset < this.#windowStart || offset + length > windowEnd) this.#move(offset, length)
    const from = offset - this.#windowStart
    return this.#window.toString('latin1', from, from + length)
  }

  /** Requests go newest first, so the window ends shortly after what is asked for. */
  #move(offset: number, length: number): void {
    const descending = offset < this.#windowStart
    const start = descending ? Math.max(0, offset + length - WINDOW_BYTES) : offset
    const window = Buffer.allocUnsafe(WINDOW_BYTES)
    this.#window = window.subarray(0, this.#spool.readInto(window, start))
    this.#windowStart = start
  }
}
