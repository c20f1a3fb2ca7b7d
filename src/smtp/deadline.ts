import type { Clock } from '../engine/clock.ts'

/**
 * A time limit that is set anew for every phase. All of a clock's, which is one for a thread, share one timer:
 * most phases end long before their limit, and a timer each costs a session as much as a write.
 */
export class Deadline {
  readonly #clock: Clock
  readonly #watch: Watch
  readonly #onPassed: () => void
  #setMs = Number.NaN
  #atMs = Number.POSITIVE_INFINITY
  #isWatched = false
  #hasEnded = false

  constructor(clock: Clock, onPassed: () => void) {
    this.#clock = clock
    this.#watch = watchOf(clock)
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
    this.#atMs = nowMs + timeoutMs
    if (this.#hasEnded) return
    if (!this.#isWatched) this.#watch.add(this)
    this.#isWatched = true
    if (this.#atMs < this.#watch.armedForMs) this.#watch.arm(this.#atMs)
  }

  /** No limit until the next `set`. */
  lift(): void {
    this.#atMs = Number.POSITIVE_INFINITY
  }

  /** Ends it for good, whatever is set later. */
  end(): void {
    this.#hasEnded = true
    this.#watch.delete(this)
  }

  /** For the watch: it has passed, and does so once. */
  pass(): void {
    this.#isWatched = false
    this.#watch.delete(this)
    this.#onPassed()
  }
}

/** All deadlines of a clock. Its timer is moved only when it fires too early, or a limit comes before it. */
class Watch {
  readonly #clock: Clock
  readonly #deadlines = new Set<Deadline>()
  armedForMs = Number.POSITIVE_INFINITY
  #disarm: (() => void) | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(deadline: Deadline): void {
    this.#deadlines.add(deadline)
  }

  /** With the last one its timer goes: a timer keeps the process alive. */
  delete(deadline: Deadline): void {
    this.#deadlines.delete(deadline)
    if (this.#deadlines.size === 0) this.#rest()
  }

  arm(atMs: number): void {
    this.#rest()
    this.armedForMs = atMs
    this.#disarm = this.#clock.wakeAt(atMs, () => this.#look())
  }

  #rest(): void {
    this.#disarm?.()
    this.#disarm = undefined
    this.armedForMs = Number.POSITIVE_INFINITY
  }

  #look(): void {
    this.armedForMs = Number.POSITIVE_INFINITY
    const nowMs = this.#clock.nowMs()
    let nextMs = Number.POSITIVE_INFINITY
    for (const deadline of this.#deadlines) {
      // One that passes may end others, and set or begin some.
      if (deadline.atMs <= nowMs) deadline.pass()
      else if (deadline.atMs < nextMs) nextMs = deadline.atMs
    }
    if (nextMs < this.armedForMs) this.arm(nextMs)
  }
}

const watches = new WeakMap<Clock, Watch>()

function watchOf(clock: Clock): Watch {
  const known = watches.get(clock)
  if (known !== undefined) return known
  const watch = new Watch(clock)
  watches.set(clock, watch)
  return watch
}
