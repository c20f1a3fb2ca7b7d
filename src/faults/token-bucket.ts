/** A token for each `1 / perSecond` seconds, at most `burst` at a time. Pure: the time is given. */
export interface TokenBucketOptions {
  readonly perSecond: number
  /** Tokens that can be saved up; the bucket begins full. */
  readonly burst: number
}

export class TokenBucket {
  readonly #options: TokenBucketOptions
  #tokens: number
  #filledAtMs: number

  constructor(options: TokenBucketOptions, nowMs: number) {
    this.#options = options
    this.#tokens = options.burst
    this.#filledAtMs = nowMs
  }

  /** True when a token was there and was taken. */
  take(nowMs: number): boolean {
    const { perSecond, burst } = this.#options
    const earned = ((nowMs - this.#filledAtMs) / 1000) * perSecond
    this.#tokens = Math.min(burst, this.#tokens + Math.max(0, earned))
    this.#filledAtMs = Math.max(this.#filledAtMs, nowMs)
    // Sums of fractions: ten times 0.1 is a hair less than 1.
    if (this.#tokens < 1 - 1e-9) return false
    this.#tokens -= 1
    return true
  }
}
