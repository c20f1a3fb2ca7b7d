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

/**
 * Draw `number` of a sequence of its own for each seed and stream, in [0, 1): the same wherever it is asked, and without
 * those before it, which a generator would have to go through. Murmur3's finalizer (Austin Appleby, public domain) over
 * the three, twice for the 53 bits of a double.
 */
export function drawAt(seed: number, stream: number, number: number): number {
  const high = number / 4294967296
  let mixed = finalized((seed | 0) ^ Math.imul(stream + 1, 0x9e3779b1))
  mixed = finalized(mixed ^ (number | 0))
  if (high >= 1) mixed = finalized(mixed ^ high)
  const more = finalized((mixed + 0x6d2b79f5) | 0)
  return ((mixed >>> 0) * 2097152 + (more >>> 11)) / 9007199254740992
}

function finalized(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}
