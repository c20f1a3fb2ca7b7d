import { hash } from 'node:crypto'
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus'

/** Seeded random numbers: equal names give equal sequences, different names independent ones. */
export class Random {
  readonly #generator: ReturnType<typeof xoroshiro128plusFromState>

  constructor(name: string) {
    // The package takes a 32-bit seed: of 1,000 names, two would collide in one of 10,000 runs.
    const digest = hash('sha256', name, 'buffer')
    this.#generator = xoroshiro128plusFromState([0, 4, 8, 12].map((at) => digest.readInt32LE(at)))
  }

  /** In [0, 1). */
  next(): number {
    return uniformFloat64(this.#generator)
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  /** An integer from min to max, both included. */
  whole(min: number, max: number): number {
    return uniformInt(this.#generator, min, max)
  }

  /** Normally distributed (Box-Muller). */
  gauss(mean: number, deviation: number): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.next()))
    return mean + deviation * radius * Math.cos(2 * Math.PI * this.next())
  }

  /** An index, chosen with the probability of its weight. */
  weighted(weights: readonly number[]): number {
    let left = this.next() * weights.reduce((sum, weight) => sum + weight, 0)
    for (const [index, weight] of weights.entries()) {
      left -= weight
      if (left < 0) return index
    }
    return weights.length - 1
  }
}
