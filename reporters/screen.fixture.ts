import { PassThrough } from 'node:stream'
import type { Terminal } from './live-line.ts'

const ERASE_LINE = '\u001b[2K'
const CONTROL = /(\n|\r|\p{Cc}\[2K)/u

/**
 * A terminal that understands line feeds, carriage returns and EL 2; holds what is on the screen at the end.
 */
export class Screen {
  readonly stream: Terminal
  readonly rows: string[] = ['']

  constructor(options: { isTTY: boolean; columns?: number }) {
    this.stream = Object.assign(new PassThrough(), options)
    this.stream.write = ((chunk: string | Uint8Array) => {
      const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString()
      for (const piece of text.split(CONTROL)) this.#put(piece)
      return true
    }) as Terminal['write']
  }

  #put(piece: string): void {
    const last = this.rows.length - 1
    if (piece === '\n') this.rows.push('')
    else if (piece === ERASE_LINE) this.rows[last] = ''
    else if (piece !== '\r') this.rows[last] += piece
  }
}
