import { Random } from '../../random.ts'

/** Rows of the index from the one before's `end` on, and their weight where they have one. */
export interface PlaceRows {
  readonly end: number
  readonly weight: number | undefined
}

const ROUNDS = 4

/**
 * Which message of the corpus is the run's message n: a function of seed and n alone, without a state. Without
 * weights the whole corpus is gone through in a new order each time, so that a run as long as the corpus sends each
 * message once. With weights, place and message are drawn.
 */
export class Picker {
  readonly #places: readonly PlaceRows[]
  readonly #count: number
  /** Shares of the places, each added to those before it; empty where all messages are alike. */
  readonly #shares: readonly number[]
  readonly #keys: readonly number[]
  readonly #halfBits: number

  constructor(seed: number, places: readonly PlaceRows[]) {
    const random = new Random(`corpus ${seed}`)
    this.#places = places
    this.#count = places.at(-1)?.end ?? 0
    const total = places.reduce((sum, { weight = 0 }) => sum + weight, 0)
    let share = 0
    this.#shares = total === 0 ? [] : places.map(({ weight = 0 }) => (share += weight / total))
    this.#keys = Array.from({ length: ROUNDS }, () => random.whole(0, 0xffff_ffff) | 0)
    this.#halfBits = Math.max(1, Math.ceil(Math.log2(Math.max(2, this.#count)) / 2))
  }

  rowOf(message: number): number {
    return this.#shares.length === 0 ? this.#inTurn(message) : this.#drawn(message)
  }

  /** A permutation of all rows for each time through them: a Feistel network, walked until it is in range. */
  #inTurn(message: number): number {
    const round = Math.floor(message / this.#count)
    let place = message % this.#count
    do place = this.#shuffled(place, round)
    while (place >= this.#count)
    return place
  }

  #shuffled(place: number, round: number): number {
    const bits = this.#halfBits
    const mask = (1 << bits) - 1
    let left = place >>> bits
    let right = place & mask
    for (const key of this.#keys) {
      const next = left ^ (mixed(right ^ Math.imul(round, 0x9e3779b1), key) & mask)
      left = right
      right = next
    }
    return left * (mask + 1) + right
  }

  #drawn(message: number): number {
    const [first = 0, second = 0] = this.#keys
    const drawn = (mixed(message, first) >>> 0) / 2 ** 32
    const found = this.#shares.findIndex((share) => drawn < share)
    const place = found === -1 ? this.#shares.length - 1 : found
    const from = place === 0 ? 0 : (this.#places[place - 1]?.end ?? 0)
    const to = this.#places[place]?.end ?? 0
    return from + Math.floor(((mixed(message, second) >>> 0) / 2 ** 32) * (to - from))
  }
}

/** 32 bits that depend on all bits of both (murmur3's finalizer, public domain). */
function mixed(value: number, key: number): number {
  let bits = Math.imul(value ^ key, 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 16) ^ key, 0xc2b2ae35)
  bits = Math.imul(bits ^ (bits >>> 13), 0x27d4eb2f)
  return bits ^ (bits >>> 16)
}
