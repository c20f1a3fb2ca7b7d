import { hash } from 'node:crypto'

/** Seeded random numbers: the same name gives the same sequence, and different names independent ones. */
export class Random {
  readonly #state: Uint32Array

  constructor(name: string) {
    const digest = hash('sha256', name, 'buffer')
    this.#state = Uint32Array.from([0, 4, 8, 12], (offset) => digest.readUInt32LE(offset))
  }

  /** From 0 up to but without 1: sfc32 (PractRand's small fast counter), 32 bits a number. */
  next(): number {
    const [a = 0, b = 0, c = 0, counter = 0] = this.#state
    const sum = (a + b + counter) >>> 0
    this.#state[3] = counter + 1
    this.#state[0] = b ^ (b >>> 9)
    this.#state[1] = c + (c << 3)
    this.#state[2] = ((c << 21) | (c >>> 11)) + sum
    return sum / 2 ** 32
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  /** Both ends may come. */
  whole(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1))
  }

  /** Normally distributed (Box and Muller). */
  gauss(mean: number, deviation: number): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.next()))
    return mean + deviation * radius * Math.cos(2 * Math.PI * this.next())
  }

  /** An index, each with the probability of its weight. */
  weighted(weights: readonly number[]): number {
    let left = this.next() * weights.reduce((sum, weight) => sum + weight, 0)
    for (const [index, weight] of weights.entries()) {
      left -= weight
      if (left < 0) return index
    }
    return weights.length - 1
  }
}
