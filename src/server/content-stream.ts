import type { SMTPServerDataStream } from 'smtp-server'
import { SMTPStream } from 'smtp-server/lib/smtp-stream.js'
import { DataReader } from '../sink/smtp/data-reader.ts'

/**
 * The package's parser with another reader of content. The package takes the first of two dots away behind any LF;
 * only CRLF begins a line (RFC 5321 2.3.8, 4.5.2), so text with a bare LF before two dots would be recorded as
 * corrupted, although it came as it was sent.
 */
export class ContentStream extends SMTPStream {
  #reader: DataReader | undefined
  #pieces: Buffer[] = []

  override startDataMode(maxBytes?: number | string | null): SMTPServerDataStream {
    this.#reader = new DataReader((piece) => this.#pieces.push(piece))
    return super.startDataMode(maxBytes)
  }

  override _feedDataStream(chunk: Buffer, done: (error?: Error | null) => void): void {
    const rest = this.#reader?.push(chunk)
    const isWritable = this.#give()
    if (rest !== undefined) {
      this.#reader = undefined
      this._endDataMode(false, rest, done)
    } else if (isWritable) done()
    else this.#onceWritable(done)
  }

  /** False when whoever reads the message cannot keep up. */
  #give(): boolean {
    const stream = this._dataStream
    const pieces = this.#pieces
    this.#pieces = []
    let isWritable = true
    for (const piece of pieces) {
      this._countDataBytes(piece.length)
      if (stream?.writable) isWritable = stream.write(piece)
    }
    return isWritable
  }

  /** A stream that is destroyed never drains, it only closes. */
  #onceWritable(done: () => void): void {
    const stream = this._dataStream
    if (stream === null || stream.destroyed) {
      done()
      return
    }
    const goOn = () => {
      stream.off('drain', goOn).off('close', goOn)
      done()
    }
    stream.once('drain', goOn).once('close', goOn)
  }
}

/** What is replaced here, as the package has it: see `assertReplaceable`. */
export const REPLACED_CONTENT: readonly (readonly [
  owner: { prototype: object },
  method: string,
  text: string,
])[] = [
  [SMTPStream, '_feedDataStream', 'chunk[i] === 0x2e && chunk[i - 1] === 0x0a'],
  [SMTPStream, '_feedDataStream', 'this._endDataMode(buf, chunk.subarray(i + 3), done)'],
  [SMTPStream, '_write', 'this._feedDataStream(chunk, done)'],
  [SMTPStream, '_countDataBytes', 'this._dataStream.byteLength = this.dataBytes'],
]
