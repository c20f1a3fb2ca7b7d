/** Time as the load engine sees it. Injected, so that tests can run schedules in virtual time. */
export interface Clock {
  /** Monotonic milliseconds with a fraction, on one base for all threads of this machine. */
  nowMs(): number
  /** Calls `wake` once at or soon after `atMs`; the returned function takes that back. */
  wakeAt(atMs: number, wake: () => void): () => void
}

// performance.now() is cheap but starts at another moment in each thread; hrtime is one clock for all.
const [seconds, nanoseconds] = process.hrtime()
const baseMs = seconds * 1e3 + nanoseconds / 1e6 - performance.now()

export const systemClock: Clock = {
  nowMs: () => baseMs + performance.now(),
  wakeAt(atMs, wake) {
    const timer = setTimeout(wake, Math.max(0, atMs - systemClock.nowMs()))
    return () => clearTimeout(timer)
  },
}
