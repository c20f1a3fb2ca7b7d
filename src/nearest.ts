/** The candidate that `given` most likely was meant to be; undefined when none is near. */
export function nearest(given: string, candidates: readonly string[]): string | undefined {
  // A third of the letters may be wrong, but always one: "avgg", "STRESS_WORKER".
  let least = Math.max(1, Math.floor(given.length / 3)) + 1
  let best: string | undefined
  for (const candidate of candidates) {
    const distance = editDistance(given.toLowerCase(), candidate.toLowerCase())
    if (distance < least) {
      least = distance
      best = candidate
    }
  }
  return best
}

/** Levenshtein distance: letters put in, left out or changed, row by row. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (let i = 1; i <= from.length; i++) {
    const next = [i]
    for (let j = 1; j <= to.length; j++) {
      const change = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1)
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[to.length] ?? 0
}
