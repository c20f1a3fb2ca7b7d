/**
 * Log-linear histogram of milliseconds: 512 buckets to the octave of microseconds, so a value read
 * back is at most 0.1 % off; up to 71 minutes. Buckets only add, so merging is exact.
 *
 * Bucket of the integer v (µs):  v < 1024 → v,  else with e = floor(log2 v) − 9:
 * e·512 + floor(v / 2^e), where floor(v / 2^e) is in 512..1023.
 *
 * This is the form that is passed between threads and stored in result files.
 */
export interface SparseHistogram {
  /** Pairs of bucket index and count, ascending: [i0, n0, i1, n1, …]. */
  readonly buckets: readonly number[]
  /** Number of values. */
  readonly count: number
  /** Smallest value, exact, in ms; 0 when count is 0. */
  readonly min_ms: number
  /** Largest value, exact, in ms; 0 when count is 0. */
  readonly max_ms: number
  /** Sum of all values, exact, in ms. */
  readonly sum_ms: number
}

export const EMPTY_HISTOGRAM: SparseHistogram = { buckets: [], count: 0, min_ms: 0, max_ms: 0, sum_ms: 0 }

const SUB_BITS = 9
const SUB_BUCKETS = 2 ** SUB_BITS
/** 2^32 µs; what is longer is counted in the last bucket, its exact value still in `max_ms`. */
const BUCKETS = (32 - SUB_BITS + 1) * SUB_BUCKETS

/** Dense form for recording: constant memory, a few nanoseconds per value. */
export class Histogram {
  readonly #counts = new Uint32Array(BUCKETS)
  #count = 0
  #minMs = Number.POSITIVE_INFINITY
  #maxMs = 0
  #sumMs = 0

  get count(): number {
    return this.#count
  }

  /** Records one duration in milliseconds; a negative one (clock noise) counts as 0. */
  record(ms: number): void {
    const value = Math.max(ms, 0)
    const bucket = bucketOf(Math.round(value * 1000))
    this.#counts[bucket] = (this.#counts[bucket] as number) + 1
    this.#count++
    this.#sumMs += value
    if (value < this.#minMs) this.#minMs = value
    if (value > this.#maxMs) this.#maxMs = value
  }

  merge(other: SparseHistogram): void {
    if (other.count === 0) return
    for (let i = 0; i < other.buckets.length; i += 2) {
      const bucket = other.buckets[i] as number
      this.#counts[bucket] = (this.#counts[bucket] as number) + (other.buckets[i + 1] as number)
    }
    this.#count += other.count
    this.#sumMs += other.sum_ms
    this.#minMs = Math.min(this.#minMs, other.min_ms)
    this.#maxMs = Math.max(this.#maxMs, other.max_ms)
  }

  /** See quantileMs. */
  quantile(q: number): number {
    return quantileMs(this.toSparse(), q)
  }

  reset(): void {
    this.#counts.fill(0)
    this.#count = 0
    this.#sumMs = 0
    this.#minMs = Number.POSITIVE_INFINITY
    this.#maxMs = 0
  }

  toSparse(): SparseHistogram {
    if (this.#count === 0) return EMPTY_HISTOGRAM
    const buckets: number[] = []
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      const count = this.#counts[bucket] as number
      if (count > 0) buckets.push(bucket, count)
    }
    return { buckets, count: this.#count, min_ms: this.#minMs, max_ms: this.#maxMs, sum_ms: this.#sumMs }
  }
}

function bucketOf(micros: number): number {
  if (micros < 2 * SUB_BUCKETS) return micros
  if (micros > 0xffff_ffff) return BUCKETS - 1
  const exponent = 31 - Math.clz32(micros) - SUB_BITS
  return exponent * SUB_BUCKETS + (micros >>> exponent)
}

/** Middle of a bucket in milliseconds. */
function middleMs(bucket: number): number {
  if (bucket < 2 * SUB_BUCKETS) return bucket / 1000
  const exponent = Math.floor(bucket / SUB_BUCKETS) - 1
  const width = 2 ** exponent
  return ((bucket - exponent * SUB_BUCKETS) * width + (width - 1) / 2) / 1000
}

/**
 * The value at or below which the share `q` (0…1) of all values lies, in milliseconds, by nearest
 * rank: the ceil(q·count)-th smallest, the last being the exact maximum. NaN when there is none.
 */
export function quantileMs(histogram: SparseHistogram, q: number): number {
  if (histogram.count === 0) return Number.NaN
  // 0.99 · 100 is 99.00000000000001 in floating point: the rank is 99, not 100.
  const rank = Math.max(1, Math.ceil(q * histogram.count - 1e-6))
  if (rank >= histogram.count) return histogram.max_ms
  let seen = 0
  for (let i = 0; i < histogram.buckets.length; i += 2) {
    seen += histogram.buckets[i + 1] as number
    if (seen >= rank) {
      const value = middleMs(histogram.buckets[i] as number)
      return Math.min(histogram.max_ms, Math.max(histogram.min_ms, value))
    }
  }
  return histogram.max_ms
}

/** Both histograms together, exactly as if one had recorded all values. */
export function mergeSparse(a: SparseHistogram, b: SparseHistogram): SparseHistogram {
  if (a.count === 0) return b
  if (b.count === 0) return a
  const buckets: number[] = []
  let i = 0
  let j = 0
  while (i < a.buckets.length || j < b.buckets.length) {
    const left = a.buckets[i] ?? Number.POSITIVE_INFINITY
    const right = b.buckets[j] ?? Number.POSITIVE_INFINITY
    const bucket = Math.min(left, right)
    let count = 0
    if (left === bucket) count += a.buckets[i + 1] as number
    if (right === bucket) count += b.buckets[j + 1] as number
    if (left === bucket) i += 2
    if (right === bucket) j += 2
    buckets.push(bucket, count)
  }
  return {
    buckets,
    count: a.count + b.count,
    min_ms: Math.min(a.min_ms, b.min_ms),
    max_ms: Math.max(a.max_ms, b.max_ms),
    sum_ms: a.sum_ms + b.sum_ms,
  }
}

/**
 * Times in milliseconds, rounded to microseconds; percentiles are exact to 0.1 %. All but `count` are null when nothing was
 * measured.
 */
export interface LatencySummary {
  /** Number of values. */
  readonly count: number
  /** Mean. */
  readonly avg: number | null
  /** Smallest. */
  readonly min: number | null
  /** Largest. */
  readonly max: number | null
  /** Median. */
  readonly p50: number | null
  /** 90th percentile. */
  readonly p90: number | null
  /** 95th percentile. */
  readonly p95: number | null
  /** 99th percentile. */
  readonly p99: number | null
  /** 99.9th percentile. */
  readonly p99_9: number | null
}

/** Where nothing was measured. */
export const NO_LATENCY: LatencySummary = Object.freeze({
  count: 0,
  avg: null,
  min: null,
  max: null,
  p50: null,
  p90: null,
  p95: null,
  p99: null,
  p99_9: null,
})

/** The figures that results show, rounded to microseconds. */
export function summarise(histogram: SparseHistogram): LatencySummary {
  if (histogram.count === 0) return NO_LATENCY
  const at = (q: number) => roundMicros(quantileMs(histogram, q))
  return {
    count: histogram.count,
    avg: roundMicros(histogram.sum_ms / histogram.count),
    min: roundMicros(histogram.min_ms),
    max: roundMicros(histogram.max_ms),
    p50: at(0.5),
    p90: at(0.9),
    p95: at(0.95),
    p99: at(0.99),
    p99_9: at(0.999),
  }
}

function roundMicros(ms: number): number {
  return Math.round(ms * 1000) / 1000
}

/** How many values lie in [fromMs, toMs), by the middle of their bucket. */
export function countBetween({ buckets }: SparseHistogram, fromMs: number, toMs: number): number {
  let count = 0
  for (let i = 0; i < buckets.length; i += 2) {
    const middle = middleMs(buckets[i] as number)
    if (middle >= fromMs && middle < toMs) count += buckets[i + 1] as number
  }
  return count
}
