export const END_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
export type EndSignal = (typeof END_SIGNALS)[number]

/**
 * `timeout` signals both its child and the whole process group, and npx passes on what the group received.
 * Signals within this time after the first are the same request.
 */
const ONE_WISH_MS = 500

/** Calls `told` for every request to end, by whichever signal. Returns a function that stops listening. */
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
