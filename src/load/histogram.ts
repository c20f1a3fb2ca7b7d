/**
 * Log-linear histogram of milliseconds: 512 buckets to the octave of microseconds, so a value read
 * back is at most 0.1 % off; up to 71 minutes. Buckets only add, so merging is exact.
 *
 * Bucket of the integer v (µs):  v < 1024 → v,  else with e = floor(log2 v) − 9:
 * e·512 + floor(v / 2^e), where floor(v / 2^e) is in 512..1023.
 */
export interface SparseHistogram {
  /** Pairs of bucket index and count, ascending: [i0, n0, i1, n1, …]. */
  readonly buckets: readonly number[]
  readonly count: number
  /** Exact, in milliseconds; 0 when count is 0. */
  readonly min_ms: number
  readonly max_ms: number
  readonly sum_ms: number
}

const SUB_BUCKETS = 512
const SUB_BITS = 9
/** 2^32 µs; what is longer is counted in the last bucket, its exact value still in `max`. */
const BUCKETS = (32 - SUB_BITS) * SUB_BUCKETS + SUB_BUCKETS

function bucketOf(micros: number): number {
  if (micros < 2 * SUB_BUCKETS) return micros
  const exponent = 31 - Math.clz32(micros) - SUB_BITS
  return exponent * SUB_BUCKETS + (micros >>> exponent)
}

/** Middle of a bucket in milliseconds. */
function middleOf(bucket: number): number {
  if (bucket < 2 * SUB_BUCKETS) return bucket / 1000
  const exponent = Math.floor(bucket / SUB_BUCKETS) - 1
  const width = 2 ** exponent
  return ((bucket - exponent * SUB_BUCKETS) * width + (width - 1) / 2) / 1000
}

export class Histogram {
  readonly #counts = new Uint32Array(BUCKETS)
  #count = 0
  #min = Number.POSITIVE_INFINITY
  #max = 0
  #sum = 0

  get count(): number {
    return this.#count
  }

  /** Records one duration in milliseconds; a negative one (clock noise) counts as 0. */
  record(ms: number): void {
    const value = ms > 0 ? ms : 0
    const micros = Math.round(value * 1000)
    const bucket = micros > 0xffff_ffff ? BUCKETS - 1 : bucketOf(micros)
    this.#counts[bucket] = (this.#counts[bucket] as number) + 1
    this.#count++
    this.#sum += value
    if (value < this.#min) this.#min = value
    if (value > this.#max) this.#max = value
  }

  merge(other: SparseHistogram): void {
    if (other.count === 0) return
    for (let i = 0; i < other.buckets.length; i += 2) {
      const bucket = other.buckets[i] as number
      this.#counts[bucket] = (this.#counts[bucket] as number) + (other.buckets[i + 1] as number)
    }
    this.#count += other.count
    this.#sum += other.sum_ms
    this.#min = Math.min(this.#min, other.min_ms)
    this.#max = Math.max(this.#max, other.max_ms)
  }

  /**
   * The value below or at which the share `q` (0…1) of all values lies, in milliseconds, by nearest
   * rank: the ceil(q·count)-th smallest. NaN when nothing was recorded.
   */
  quantile(q: number): number {
    if (this.#count === 0) return Number.NaN
    const rank = Math.max(1, Math.ceil(q * this.#count - 1e-9))
    if (rank === this.#count) return this.#max
    let seen = 0
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      seen += this.#counts[bucket] as number
      if (seen >= rank) return Math.min(this.#max, Math.max(this.#min, middleOf(bucket)))
    }
    return this.#max
  }

  get mean(): number {
    return this.#count === 0 ? Number.NaN : this.#sum / this.#count
  }

  get min(): number {
    return this.#count === 0 ? Number.NaN : this.#min
  }

  get max(): number {
    return this.#count === 0 ? Number.NaN : this.#max
  }

  reset(): void {
    this.#counts.fill(0)
    this.#count = 0
    this.#sum = 0
    this.#min = Number.POSITIVE_INFINITY
    this.#max = 0
  }

  toSparse(): SparseHistogram {
    const buckets: number[] = []
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      const count = this.#counts[bucket] as number
      if (count > 0) buckets.push(bucket, count)
    }
    return {
      buckets,
      count: this.#count,
      min_ms: this.#count === 0 ? 0 : this.#min,
      max_ms: this.#max,
      sum_ms: this.#sum,
    }
  }
}
