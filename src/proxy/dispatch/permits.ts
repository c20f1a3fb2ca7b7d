/** A number of permits, given in the order in which they were asked for. */
export class Permits {
  #free: number
  readonly #total: number
  readonly #waiting = new Set<() => void>()

  constructor(total: number) {
    this.#free = total
    this.#total = total
  }

  get inUse(): number {
    return this.#total - this.#free
  }

  take(signal: AbortSignal): Promise<void> {
    if (this.#free > 0) {
      this.#free -= 1
      return Promise.resolve()
    }
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.#waiting.delete(granted)
        reject(signal.reason)
      }
      const granted = () => {
        signal.removeEventListener('abort', onAbort)
        resolve()
      }
      if (signal.aborted) return onAbort()
      signal.addEventListener('abort', onAbort, { once: true })
      this.#waiting.add(granted)
    })
  }

  give(): void {
    const [next] = this.#waiting
    if (next === undefined) {
      this.#free += 1
      return
    }
    this.#waiting.delete(next)
    next()
  }
}
