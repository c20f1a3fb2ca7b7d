import type { Transport, TransportState } from './transport.ts'

/** The connections that a thread has open or opening, so that an abort can end them. */
export class OpenTransports {
  /** With the index of the target that each is to. */
  readonly #open = new Map<Transport, number>()
  #aborted = false

  add(transport: Transport, target: number): void {
    this.#open.set(transport, target)
    if (this.#aborted) transport.abort()
  }

  delete(transport: Transport): void {
    this.#open.delete(transport)
  }

  states(): (TransportState & { readonly target: number })[] {
    return Array.from(this.#open, ([transport, target]) => ({ ...transport.state, target }))
  }

  /** Ends all at once, and every further one as soon as it is added. */
  abort(): void {
    this.#aborted = true
    for (const transport of this.#open.keys()) transport.abort()
  }
}
