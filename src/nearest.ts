import { distance } from 'fastest-levenshtein'

/** The candidate that `given` was most likely meant to be; undefined when none is close. */
export function nearest(given: string, candidates: readonly string[]): string | undefined {
  // Up to a third of the letters may be wrong, and always one: "avgg", "STRESS_WORKER".
  let least = Math.max(1, Math.floor(given.length / 3)) + 1
  let best: string | undefined
  for (const candidate of candidates) {
    const changes = distance(given.toLowerCase(), candidate.toLowerCase())
    if (changes < least) {
      least = changes
      best = candidate
    }
  }
  return best
}
