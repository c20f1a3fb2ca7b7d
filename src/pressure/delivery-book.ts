import type { Delivery } from './delivery.ts'

/** All deliveries of a run, found by message. */
export class DeliveryBook {
  readonly #byId = new Map<string, Delivery | Delivery[]>()
  #count = 0

  /** Deliveries, those beyond the first of a message too. */
  get count(): number {
    return this.#count
  }

  /** True when it is the first of its message. */
  add(delivery: Delivery): boolean {
    this.#count += 1
    const known = this.#byId.get(delivery.id)
    // A list of its own only for what comes twice: a run may have 100,000 messages.
    if (known === undefined) this.#byId.set(delivery.id, delivery)
    else if (Array.isArray(known)) known.push(delivery)
    else this.#byId.set(delivery.id, [known, delivery])
    return known === undefined
  }

  /** In the order in which they were read. */
  of(id: string): readonly Delivery[] {
    const known = this.#byId.get(id)
    if (known === undefined) return []
    return Array.isArray(known) ? known : [known]
  }

  firstAtEpochMs(id: string): number | undefined {
    const deliveries = this.of(id)
    if (deliveries.length === 0) return undefined
    return deliveries.reduce((first, { atEpochMs }) => Math.min(first, atEpochMs), Number.POSITIVE_INFINITY)
  }

  ids(): IterableIterator<string> {
    return this.#byId.keys()
  }

  *all(): Generator<Delivery> {
    for (const known of this.#byId.values()) {
      if (Array.isArray(known)) yield* known
      else yield known
    }
  }
}
