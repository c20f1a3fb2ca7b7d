import type { Reply } from './talk.ts'

/** RFC 5321 4.2: three digits, then a hyphen for more lines, a space or nothing for the last. */
const LINE = /^(\d{3})([- ]?)(.*?)(\r?)\n/s
/** A server that never ends a line must not fill the memory. */
const MAX_PENDING = 65_536

/**
 * Splits what a server says into replies. Lenient where the client of the load engine need not be: here
 * a bare LF is a finding, not an end. Shares nothing with src/smtp, so that they do not share a mistake.
 */
export class ReplyReader {
  #pending = ''
  #lines: string[] = []
  #longestLineBytes = 0
  #bareLf = false
  readonly #replies: Reply[] = []

  push(text: string): void {
    this.#pending += text
    for (let line = this.#nextLine(); line !== undefined; line = this.#nextLine()) this.#take(line)
  }

  /** Whole replies that were not taken yet. */
  get ready(): number {
    return this.#replies.length
  }

  take(count: number): Reply[] {
    return this.#replies.splice(0, count)
  }

  #nextLine(): string | undefined {
    const end = this.#pending.indexOf('\n')
    if (end === -1) {
      this.#pending = this.#pending.slice(-MAX_PENDING)
      return undefined
    }
    const line = this.#pending.slice(0, end + 1)
    this.#pending = this.#pending.slice(end + 1)
    return line
  }

  #take(line: string): void {
    const [, code = '000', separator = ' ', text = line.trimEnd(), cr = ''] = LINE.exec(line) ?? []
    this.#lines.push(text)
    this.#longestLineBytes = Math.max(this.#longestLineBytes, line.length)
    this.#bareLf ||= cr === ''
    if (separator === '-') return
    const { length } = this.#lines
    this.#replies.push({
      code: Number(code),
      lines: this.#lines.splice(0, length),
      longestLineBytes: this.#longestLineBytes,
      bareLf: this.#bareLf,
    })
    this.#longestLineBytes = 0
    this.#bareLf = false
  }
}
