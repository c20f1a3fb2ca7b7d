import type { Writable } from 'node:stream'

/** ECMA-48: carriage return, then EL 2, erase the whole line. */
const ERASE_LINE = '\r\u001b[2K'

export type Terminal = Writable & { readonly isTTY?: boolean; readonly columns?: number }

/**
 * One line at the bottom of a terminal, redrawn in place. Anything else written meanwhile, by Vitest or not,
 * appears above it: the streams' `write` is intercepted while the line is shown.
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

  /** Shows the line; `render` is called again after each write by others. */
  show(render: (columns: number) => string): void {
    this.#render = render
    this.#draw()
  }

  hide(): void {
    this.#render = undefined
    this.#erase()
  }

  /** Hides the line and restores the streams. */
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

  /** Redraws once after all writes of this turn of the event loop, so that many lines do not flicker. */
  #redrawSoon(): void {
    if (this.#redrawDue || this.#render === undefined) return
    this.#redrawDue = true
    setImmediate(() => {
      this.#redrawDue = false
      this.#draw()
    })
  }

  /** Never draws over an unfinished line of someone else's. */
  #draw(): void {
    if (this.#render === undefined || this.#lineOpen) return
    // Leave the last column free: some terminals wrap as soon as it is written.
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
