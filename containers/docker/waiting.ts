/** What `work` gives, or the error of `late` when it takes longer; `work` itself is told by its signal. */
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
  // Told off, it fails in its own way; nobody waits for that any more.
  working.catch(() => undefined)
  try {
    return await Promise.race([working, timeout])
  } finally {
    clearTimeout(timer)
  }
}

/** Work that several ask for at the same time is done once, and its outcome is everybody's. */
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
