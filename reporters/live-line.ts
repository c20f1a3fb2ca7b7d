import type { Writable } from 'node:stream'

/** ECMA-48: carriage return, then EL 2, erase the whole line. */
const ERASE_LINE = '\r\u001b[2K'

export type Terminal = Writable & { readonly isTTY?: boolean; readonly columns?: number }

/**
 * One line at the bottom of a terminal that is drawn over in place. Whatever anyone else writes
 * meanwhile, through Vitest or past it, goes above it: the streams' `write` is intercepted as long as
 * the line is on.
 */
export class LiveLine {
  readonly #output: Terminal
  readonly #writeOutput: Writable['write']
  readonly #restores: (() => void)[] = []
  #render: ((columns: number) => string) | undefined
  #drawn = false
  #lineOpen = false
  #redrawDue = false

  constructor(output: Terminal, others: readonly Terminal[] = []) {
    this.#output = output
    this.#writeOutput = output.write.bind(output)
    for (const stream of new Set([output, ...others])) {
      if (stream.isTTY === true) this.#intercept(stream)
    }
  }

  /** Draws the line, and keeps it: `render` is asked again after each write of others. */
  show(render: (columns: number) => string): void {
    this.#render = render
    this.#draw()
  }

  hide(): void {
    this.#render = undefined
    this.#erase()
  }

  /** Hides the line and gives the streams back. */
  stop(): void {
    this.hide()
    for (const restore of this.#restores.splice(0)) restore()
  }

  #intercept(stream: Terminal): void {
    const original = stream.write
    const write = original.bind(stream) as (...rest: unknown[]) => boolean
    stream.write = (...rest: unknown[]): boolean => {
      this.#erase()
      const chunk = rest[0]
      const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk as Uint8Array).toString()
      if (text !== '') this.#lineOpen = !text.endsWith('\n')
      this.#redrawSoon()
      return write(...rest)
    }
    this.#restores.push(() => {
      stream.write = original
    })
  }

  /** Once after all writes of this turn of the event loop, so that many lines do not flicker. */
  #redrawSoon(): void {
    if (this.#redrawDue || this.#render === undefined) return
    this.#redrawDue = true
    setImmediate(() => {
      this.#redrawDue = false
      this.#draw()
    })
  }

  /** Never onto a line that somebody has begun and not ended. */
  #draw(): void {
    if (this.#render === undefined || this.#lineOpen) return
    // The last column stays free: some terminals wrap as soon as it is written to.
    const columns = (this.#output.columns ?? 80) - 1
    this.#writeOutput(ERASE_LINE + this.#render(columns))
    this.#drawn = true
  }

  #erase(): void {
    if (!this.#drawn) return
    this.#drawn = false
    this.#writeOutput(ERASE_LINE)
  }
}
