import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync, writevSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * An append-only file of message contents. It is unlinked as soon as it is open, so that nothing is
 * left behind however the process ends. Counted references keep it open while a reader still needs it
 * after "delete all" has replaced it.
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
   * Writes the blocks one after another and returns the offset of the first. Throws when not all could
   * be written (disk full); then none of them counts as written.
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

  /** Fills `into` from `offset` on; it may end beyond the file. Returns the number of bytes read. */
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
