/**
 * Shares a limited resource among an unknown number of tenants by what is left, as switches share their buffers
 * (Choudhury and Hahne, Dynamic queue length thresholds, 1998): each may hold up to twice what is left at that
 * time. One tenant gets at most two thirds, a second two thirds of the rest, and so on: it takes seven hanging
 * tenants to use up 200 slots. A tenant with nothing may take one as long as any is left.
 */
const GREED = 2

/** Whether a holder of `held` may take one more of the `free` ones. */
export function mayTakeOneMore(held: number, free: number): boolean {
  return held < GREED * free
}

/** How many more a holder of `held` may take at once, so that it then holds no more than what is left. */
export function shareOf(free: number, held: number): number {
  return Math.max(0, Math.floor((free - held) / 2))
}

interface Waiting {
  readonly owner: string
  readonly granted: () => void
}

/** A number of permits, granted in order of request, so that every owner leaves some to others. */
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
