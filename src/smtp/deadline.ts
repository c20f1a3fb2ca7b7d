import type { Clock } from '../engine/clock.ts'

/**
 * A time limit that is set anew for every phase. Its timer is moved only when it fires too early: most phases end
 * long before.
 */
export class Deadline {
  readonly #clock: Clock
  readonly #onPassed: () => void
  #setMs = Number.NaN
  #atMs = Number.POSITIVE_INFINITY
  #armedForMs = Number.POSITIVE_INFINITY
  #disarm: (() => void) | undefined

  constructor(clock: Clock, onPassed: () => void) {
    this.#clock = clock
    this.#onPassed = onPassed
  }

  /** When it was set last. */
  get setMs(): number {
    return this.#setMs
  }

  /** When it passes, or would have; Infinity where there is no limit. */
  get atMs(): number {
    return this.#atMs
  }

  /** Counts from `nowMs`, and replaces the limit before. */
  set(timeoutMs: number, nowMs = this.#clock.nowMs()): void {
    this.#setMs = nowMs
    this.#atMs = this.#setMs + timeoutMs
    if (this.#atMs < this.#armedForMs) this.#arm()
  }

  /** No limit until the next `set`. */
  lift(): void {
    this.#atMs = Number.POSITIVE_INFINITY
  }

  /** Ends it for good, whatever is set later. */
  end(): void {
    this.#disarm?.()
    // Earlier than any time: nothing arms it again.
    this.#armedForMs = Number.NEGATIVE_INFINITY
  }

  #arm(): void {
    this.#disarm?.()
    this.#armedForMs = this.#atMs
    this.#disarm = this.#clock.wakeAt(this.#atMs, () => {
      this.#armedForMs = Number.POSITIVE_INFINITY
      if (this.#clock.nowMs() >= this.#atMs) this.#onPassed()
      else if (this.#atMs !== Number.POSITIVE_INFINITY) this.#arm()
    })
  }
}
