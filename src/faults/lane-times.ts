import type { LanePlan } from './proxy-plan.ts'

/** How long one piece may take on a slow line: longer pieces would arrive in lumps. */
const PIECE_MS = 20

/**
 * When each octet of a lane arrives. Pure arithmetic, the time is given:
 *
 *   free  = max(now, free) + octets / bytesPerSecond     the line carries one piece after another
 *   due   = max(due, free + delay + jitter · random)     no octet overtakes another
 */
export class LaneTimes {
  readonly #delayMs: number
  readonly #jitterMs: number
  readonly #bytesPerMs: number
  readonly #random: () => number
  #freeAtMs = Number.NEGATIVE_INFINITY
  #dueMs = Number.NEGATIVE_INFINITY

  constructor(
    { delayMs = 0, jitterMs = 0, bytesPerSecond = Number.POSITIVE_INFINITY }: LanePlan,
    random: () => number,
  ) {
    this.#delayMs = delayMs
    this.#jitterMs = jitterMs
    this.#bytesPerMs = bytesPerSecond / 1000
    this.#random = random
  }

  /** The largest piece that should go on its way at once. */
  get pieceBytes(): number {
    return Math.max(1, Math.floor(this.#bytesPerMs * PIECE_MS))
  }

  dueMs(nowMs: number, bytes: number): number {
    this.#freeAtMs = Math.max(nowMs, this.#freeAtMs) + bytes / this.#bytesPerMs
    const jitterMs = this.#jitterMs === 0 ? 0 : this.#jitterMs * this.#random()
    this.#dueMs = Math.max(this.#dueMs, this.#freeAtMs + this.#delayMs + jitterMs)
    return this.#dueMs
  }

  /** How long what was given already will keep the line busy. */
  backlogMs(nowMs: number): number {
    return Math.max(0, this.#freeAtMs - nowMs)
  }
}
