import type { Transport } from './transport.ts'

/** The connections that a thread has open or opening, so that an abort can end them. */
export class OpenTransports {
  readonly #open = new Set<Transport>()
  #aborted = false

  add(transport: Transport): void {
    this.#open.add(transport)
    if (this.#aborted) transport.abort()
  }

  delete(transport: Transport): void {
    this.#open.delete(transport)
  }

  /** Ends all at once, and every further one as soon as it is added. */
  abort(): void {
    this.#aborted = true
    for (const transport of this.#open) transport.abort()
  }
}
