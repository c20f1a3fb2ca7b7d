import type { Clock } from './clock.ts'

/** Virtual time: stands still but for advanceTo. */
export class FakeClock implements Clock {
  #nowMs: number
  #wakes: { atMs: number; wake: () => void }[] = []

  constructor(nowMs = 0) {
    this.#nowMs = nowMs
  }

  nowMs(): number {
    return this.#nowMs
  }

  wakeAt(atMs: number, wake: () => void): () => void {
    const entry = { atMs, wake }
    this.#wakes.push(entry)
    return () => {
      this.#wakes = this.#wakes.filter((other) => other !== entry)
    }
  }

  /** How many wakes are armed. */
  get armed(): number {
    return this.#wakes.length
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.wakeAt(this.#nowMs + ms, resolve))
  }

  /** Lets time pass, each wake at its exact moment and what follows from it before the next. */
  async advanceTo(toMs: number): Promise<void> {
    await settled()
    for (;;) {
      const next = this.#wakes.toSorted((a, b) => a.atMs - b.atMs)[0]
      if (next === undefined || next.atMs > toMs) break
      this.#wakes = this.#wakes.filter((other) => other !== next)
      this.#nowMs = Math.max(this.#nowMs, next.atMs)
      next.wake()
      await settled()
    }
    this.#nowMs = toMs
  }

  /** Lets time pass in which nothing could run, as in a busy event loop: wakes come late, at `toMs`. */
  async jumpTo(toMs: number): Promise<void> {
    this.#nowMs = toMs
    await this.advanceTo(toMs)
  }
}

/** All promises that can go on have gone on. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
