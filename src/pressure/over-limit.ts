/** A limit of n a minute is kept over any 60 s; a second less, for arrivals that only the network bunched. */
const WINDOW_MS = 59_000

/** How many deliveries or transactions more than allowed came within any minute. Times in any order. */
export function overLimit(atEpochMs: readonly number[], limitPerMinute: number): number {
  const times = atEpochMs.toSorted((a, b) => a - b)
  let most = 0
  let from = 0
  for (const [to, time] of times.entries()) {
    while (time - (times[from] as number) >= WINDOW_MS) from++
    most = Math.max(most, to - from + 1)
  }
  return Math.max(0, most - limitPerMinute)
}
