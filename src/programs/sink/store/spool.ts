import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync, writevSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { StoredMessage } from './stored-message.ts'

/**
 * An append-only file of message contents. It is unlinked as soon as it is open, so that nothing is left behind
 * however the process ends. A reference count keeps it open for readers after "delete all" has replaced it.
 */
export class Spool {
  readonly #file: number
  #end = 0
  #references = 1

  static open(folder: string = tmpdir()): Spool {
    const place = mkdtempSync(join(folder, 'mailstorm-sink-'))
    try {
      return new Spool(openSync(join(place, 'spool'), 'wx+', 0o600))
    } finally {
      rmSync(place, { recursive: true })
    }
  }

  private constructor(file: number) {
    this.#file = file
  }

  get endOffset(): number {
    return this.#end
  }

  /**
   * Writes the blocks one after another and returns the offset of the first. Throws when not everything could
   * be written (disk full); none of the blocks then counts as written.
   */
  append(blocks: readonly Buffer[]): number {
    const offset = this.#end
    const length = blocks.reduce((sum, block) => sum + block.length, 0)
    let written = length === 0 ? 0 : writevSync(this.#file, blocks, offset)
    if (written < length) {
      const whole = Buffer.concat(blocks)
      while (written < length)
        written += writeSync(this.#file, whole, written, length - written, offset + written)
    }
    this.#end = offset + length
    return offset
  }

  /** Fills `into` from `offset` on, possibly beyond the end of the file. Returns the number of bytes read. */
  readInto(into: Buffer, offset: number): number {
    let read = 0
    while (read < into.length) {
      const count = readSync(this.#file, into, read, into.length - read, offset + read)
      if (count === 0) break
      read += count
    }
    return read
  }

  retain(): this {
    this.#references += 1
    return this
  }

  release(): void {
    this.#references -= 1
    if (this.#references === 0) closeSync(this.#file)
  }
}

/** Neighbours in the spool are usually read together, so read a window of them. */
const WINDOW_BYTES = 256 * 1024

/** Reads contents of one spool for one request; keeps the spool open until closed. */
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
   * The message as received, including its final CRLF, one character per byte. The string is a copy and does
   * not reference the window.
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

  /** Requests go from newest to oldest, so the window ends shortly after the requested place. */
  #move(offset: number, length: number): void {
    const descending = offset < this.#windowStart
    const start = descending ? Math.max(0, offset + length - WINDOW_BYTES) : offset
    const window = Buffer.allocUnsafe(WINDOW_BYTES)
    this.#window = window.subarray(0, this.#spool.readInto(window, start))
    this.#windowStart = start
  }
}
