interface Line<Ticket> {
  readonly waiting: { readonly ticket: Ticket; readonly atMs: number }[]
  first: number
}

/**
 * Messages that wait for their next attempt. One line for each delay: what is added to it later is due later, so that
 * nothing needs sorting, however many wait.
 */
export class RetryQueue<Ticket> {
  readonly #lines = new Map<number, Line<Ticket>>()
  #size = 0

  /** How many wait. */
  get size(): number {
    return this.#size
  }

  add(ticket: Ticket, nowMs: number, delayMs: number): void {
    const line = this.#lines.get(delayMs) ?? { waiting: [], first: 0 }
    this.#lines.set(delayMs, line)
    line.waiting.push({ ticket, atMs: nowMs + delayMs })
    this.#size++
  }

  /** When the first one is due; undefined when none waits. */
  get nextMs(): number | undefined {
    const line = this.#firstLine()
    return line?.waiting[line.first]?.atMs
  }

  /** One that is due by now, the longest first. */
  take(nowMs: number): Ticket | undefined {
    if (this.#size === 0) return undefined
    const line = this.#firstLine()
    const next = line?.waiting[line.first]
    if (line === undefined || next === undefined || next.atMs > nowMs) return undefined
    line.first++
    this.#size--
    // Now and then: an array that is cut at its begin for every message would be copied for every message.
    if (line.first > 1_000 && line.first * 2 > line.waiting.length) {
      line.waiting.splice(0, line.first)
      line.first = 0
    }
    return next.ticket
  }

  /** Takes all of them out. */
  clear(): Ticket[] {
    const all = [...this.#lines.values()].flatMap(({ waiting, first }) => waiting.slice(first))
    this.#lines.clear()
    this.#size = 0
    return all.map(({ ticket }) => ticket)
  }

  #firstLine(): Line<Ticket> | undefined {
    let first: Line<Ticket> | undefined
    for (const line of this.#lines.values()) {
      const atMs = line.waiting[line.first]?.atMs
      if (atMs !== undefined && atMs < (first?.waiting[first.first]?.atMs ?? Number.POSITIVE_INFINITY))
        first = line
    }
    return first
  }
}
