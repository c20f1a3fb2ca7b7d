export const END_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
export type EndSignal = (typeof END_SIGNALS)[number]

/**
 * `timeout` sends its signal to its child and to the whole group, npx passes on what the group got as well:
 * what comes within this time after the first is the same wish.
 */
const ONE_WISH_MS = 500

/** Told every wish to end, whichever signal brings it. Answers how to listen no more. */
export function onEndSignal(told: (signal: EndSignal) => void): () => void {
  let firstAtMs: number | undefined
  const listeners = END_SIGNALS.map((signal) => {
    const listener = () => {
      const nowMs = performance.now()
      if (firstAtMs !== undefined && nowMs - firstAtMs < ONE_WISH_MS) return
      firstAtMs ??= nowMs
      told(signal)
    }
    process.on(signal, listener)
    return { signal, listener }
  })
  return () => {
    for (const { signal, listener } of listeners) process.off(signal, listener)
  }
}
