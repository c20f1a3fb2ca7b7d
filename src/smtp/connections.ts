import type { Transport, TransportState } from './transport.ts'

/**
 * Lets at most `limit` in at a time. 5,000 sessions opened at once have a `connect` p99 of 400 ms; 200 at
 * a time have 30 ms and are all open no later. Without this the engine would measure itself.
 */
export class Gate {
  #free: number
  readonly #queue: (() => void)[] = []

  constructor(limit: number) {
    this.#free = limit
  }

  /** Calls `goOn` as soon as there is room, which may be at once. */
  enter(goOn: () => void): void {
    if (this.#free === 0) {
      this.#queue.push(goOn)
      return
    }
    this.#free--
    goOn()
  }

  leave(): void {
    const next = this.#queue.shift()
    if (next === undefined) this.#free++
    else next()
  }
}

/** The connections that a thread has open or opening, so that an abort can end them. */
export class OpenTransports {
  /** With the index of its target. */
  readonly #open = new Map<Transport, number>()
  #aborted = false

  add(transport: Transport, target: number): void {
    this.#open.set(transport, target)
    if (this.#aborted) transport.abort()
  }

  delete(transport: Transport): void {
    this.#open.delete(transport)
  }

  *states(): Generator<TransportState & { readonly target: number }> {
    for (const [transport, target] of this.#open) yield { ...transport.state, target }
  }

  /** Aborts all of them, and every later one as soon as it is added. */
  abort(): void {
    this.#aborted = true
    for (const transport of this.#open.keys()) transport.abort()
  }
}
