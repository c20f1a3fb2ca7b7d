import { mayTakeOneMore } from './fair-share.ts'

interface Waiting {
  readonly owner: string
  readonly granted: () => void
}

/** A number of permits, given in the order in which they were asked for, so that every owner leaves some to others. */
export class Permits {
  #free: number
  readonly #total: number
  readonly #held = new Map<string, number>()
  readonly #waiting = new Set<Waiting>()

  constructor(total: number) {
    this.#free = total
    this.#total = total
  }

  get inUse(): number {
    return this.#total - this.#free
  }

  take(owner: string, signal: AbortSignal): Promise<void> {
    if (this.#mayTake(owner)) {
      this.#grant(owner)
      return Promise.resolve()
    }
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.#waiting.delete(waiting)
        reject(signal.reason)
      }
      const granted = () => {
        signal.removeEventListener('abort', onAbort)
        resolve()
      }
      const waiting = { owner, granted }
      if (signal.aborted) return onAbort()
      signal.addEventListener('abort', onAbort, { once: true })
      this.#waiting.add(waiting)
    })
  }

  give(owner: string): void {
    this.#free += 1
    const held = (this.#held.get(owner) ?? 0) - 1
    if (held > 0) this.#held.set(owner, held)
    else this.#held.delete(owner)
    for (const waiting of this.#waiting) {
      if (this.#free === 0) return
      if (!this.#mayTake(waiting.owner)) continue
      this.#waiting.delete(waiting)
      this.#grant(waiting.owner)
      waiting.granted()
    }
  }

  #mayTake(owner: string): boolean {
    return this.#free > 0 && mayTakeOneMore(this.#held.get(owner) ?? 0, this.#free)
  }

  #grant(owner: string): void {
    this.#free -= 1
    this.#held.set(owner, (this.#held.get(owner) ?? 0) + 1)
  }
}
