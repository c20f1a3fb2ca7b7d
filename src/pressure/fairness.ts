import { quantileMs, type SparseHistogram } from '../load/histogram.ts'

/** A p95 of fewer messages is one slow message. */
const LEAST_MESSAGES = 20
/** Below this nobody is kept waiting, whatever the ratio: one cycle of the send loop. */
const FLOOR_MS = 1_000

/**
 * The slowest tenant's p95 against the fastest's, times below a second counting as one. Given the times of
 * messages without attachments, which cost the proxy the same for every tenant: a flood of one tenant, or its
 * 50 MB files, must not hold the others back. Null with fewer than two tenants to compare.
 */
export function fairnessOf(endToEnd: readonly SparseHistogram[]): number | null {
  const p95s = endToEnd
    .filter(({ count }) => count >= LEAST_MESSAGES)
    .map((times) => Math.max(FLOOR_MS, quantileMs(times, 0.95)))
  return p95s.length < 2 ? null : Math.max(...p95s) / Math.min(...p95s)
}
