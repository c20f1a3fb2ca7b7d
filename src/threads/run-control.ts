/** Places in the shared memory, one Int32 each. */
const NEXT_MESSAGE = 0
const ORDER = 1

export const ORDERS = ['go', 'stop', 'abort'] as const
export type Order = (typeof ORDERS)[number]

/**
 * What all threads of a run share: whose turn is next, and whether to go on. A thread that joins late
 * finds here the order whose message it has missed.
 */
export class RunControl {
  readonly memory: SharedArrayBuffer
  readonly #places: Int32Array

  constructor(memory = new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT)) {
    this.memory = memory
    this.#places = new Int32Array(memory)
  }

  /** The next message of the plan that no thread has claimed; undefined when all `total` are. */
  claim(total: number): number | undefined {
    const message = Atomics.add(this.#places, NEXT_MESSAGE, 1)
    return message < total ? message : undefined
  }

  /** How many messages of a plan of `total` have been claimed. */
  claimed(total: number): number {
    return Math.min(total, Atomics.load(this.#places, NEXT_MESSAGE))
  }

  get order(): Order {
    return ORDERS[Atomics.load(this.#places, ORDER)] ?? 'go'
  }

  /** Orders can only become stricter. */
  give(order: Order): void {
    if (ORDERS.indexOf(order) > ORDERS.indexOf(this.order))
      Atomics.store(this.#places, ORDER, ORDERS.indexOf(order))
  }
}
