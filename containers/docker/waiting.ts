/**
 * Resolves as `work` does, or rejects with `late` when that takes too long; the signal then tells `work` to
 * stop.
 */
export async function within<T>(
  ms: number,
  late: () => Error,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const aborter = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(late())
      aborter.abort()
    }, ms)
  })
  const working = work(aborter.signal)
  // How it fails after the signal no longer matters.
  working.catch(() => undefined)
  try {
    return await Promise.race([working, timeout])
  } finally {
    clearTimeout(timer)
  }
}

/** Work that several callers ask for at the same time is done once and shared. */
export class SharedWork<T> {
  readonly #running = new Map<string, Promise<T>>()

  do(key: string, work: () => Promise<T>): Promise<T> {
    const running = this.#running.get(key)
    if (running !== undefined) return running
    const started = work().finally(() => this.#running.delete(key))
    this.#running.set(key, started)
    return started
  }
}
