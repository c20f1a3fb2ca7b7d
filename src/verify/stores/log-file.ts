import { constants } from 'node:fs'
import { access, type FileHandle, open, stat } from 'node:fs/promises'
import { StringDecoder } from 'node:string_decoder'

const READ_BYTES = 256 * 1024
/** A line beyond that is none that is looked for. */
const LONGEST_LINE = 64 * 1024

/**
 * A log that others write, read from where it was last: over rotation by renaming, which loses nothing, and with a
 * word about truncation, which may.
 */
export class LogFile {
  readonly path: string
  #file: FileHandle | undefined
  #inode = 0
  #offset = 0
  #rest = ''
  #decoder = new StringDecoder('utf8')
  /** Times that it was found shorter than before. */
  truncated = 0

  constructor(path: string) {
    this.path = path
  }

  /** From here on it is read. Returns the last line that is there. */
  async begin(): Promise<string | undefined> {
    const file = await this.#open()
    const { size } = await file.stat()
    const from = Math.max(0, size - LONGEST_LINE)
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - from), 0, size - from, from)
    const text = buffer.toString('utf8', 0, bytesRead)
    const end = text.lastIndexOf('\n') + 1
    // What is being written now is read whole in the first look.
    this.#offset = size - Buffer.byteLength(text.slice(end))
    return text.slice(0, end).trimEnd().split('\n').at(-1) || undefined
  }

  /** The whole lines that were written since the last call. */
  async *lines(): AsyncGenerator<string> {
    yield* this.#linesLeft()
    // Renamed: the old one is read to its end, and then the new one from its start.
    const found = await stat(this.path).catch(() => undefined)
    if (found === undefined || found.ino === this.#inode) return
    yield* this.#linesLeft()
    await this.close()
    await this.#open()
    yield* this.#linesLeft()
  }

  async close(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    await file?.close()
  }

  async *#linesLeft(): AsyncGenerator<string> {
    const file = this.#file ?? (await this.#open())
    const { size } = await file.stat()
    if (size < this.#offset) {
      this.truncated++
      this.#from(0)
    }
    const chunk = Buffer.alloc(READ_BYTES)
    for (;;) {
      const { bytesRead } = await file.read(chunk, 0, READ_BYTES, this.#offset)
      if (bytesRead === 0) return
      this.#offset += bytesRead
      const lines = (this.#rest + this.#decoder.write(chunk.subarray(0, bytesRead))).split('\n')
      this.#rest = lines.pop() ?? ''
      if (this.#rest.length > LONGEST_LINE) this.#rest = ''
      yield* lines
    }
  }

  async #open(): Promise<FileHandle> {
    await access(this.path, constants.R_OK)
    this.#file = await open(this.path)
    this.#inode = (await this.#file.stat()).ino
    this.#from(0)
    return this.#file
  }

  #from(offset: number): void {
    this.#offset = offset
    this.#rest = ''
    this.#decoder = new StringDecoder('utf8')
  }
}
