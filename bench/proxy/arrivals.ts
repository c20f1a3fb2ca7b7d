import { setTimeout as delay } from 'node:timers/promises'
import type { RunningMailhog } from '../../containers/mailhog.ts'
import { MailstormError } from '../../src/error.ts'

export interface Arrival {
  readonly atMs: number
  readonly count: number
}

const POLL_MS = 10
/** A proxy that sends nothing for so long has stopped. */
const PATIENCE_MS = 30_000

/** What the sink has counted, until it has `count`. */
export async function arrivals({ apiUrl }: RunningMailhog, count: number): Promise<Arrival[]> {
  const seen: Arrival[] = []
  for (;;) {
    const atMs = performance.now()
    const { count: now } = (await (await fetch(`${apiUrl}/sink/count`)).json()) as { count: number }
    const last = seen.at(-1)
    if (last === undefined || now > last.count) seen.push({ atMs, count: now })
    if (now >= count) return seen
    if (last !== undefined && atMs - last.atMs > PATIENCE_MS)
      throw new MailstormError('BENCH', `Failed to see ${count} messages: none came for 30 s after ${now}.`)
    await delay(POLL_MS)
  }
}

/** When the n-th message came: between two looks at the sink, as if they had come evenly. */
export function cameAtMs(seen: readonly Arrival[], n: number): number {
  const after = seen.findIndex(({ count }) => count >= n)
  const [low, high] = [seen[after - 1], seen[after]]
  if (high === undefined) throw new RangeError(`message ${n} did not come`)
  if (low === undefined) return high.atMs
  return low.atMs + ((n - low.count) / (high.count - low.count)) * (high.atMs - low.atMs)
}

/** Messages per second from one message to another. */
export function rateBetween(seen: readonly Arrival[], first: number, last: number): number {
  return ((last - first) / (cameAtMs(seen, last) - cameAtMs(seen, first))) * 1_000
}
