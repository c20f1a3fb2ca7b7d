import type { LatencySummary } from '../../engine/histogram.ts'

const PERCENTILES = ['p50', 'p90', 'p95', 'p99', 'p99_9'] as const

/**
 * Merges summaries for which no histogram was kept. Count, average, minimum and maximum are exact. A percentile
 * of the whole lies between those of the parts, so the largest is taken: never too good.
 */
export function mergeLatencies(parts: readonly LatencySummary[]): LatencySummary {
  const measured = parts.filter(({ count }) => count > 0)
  const count = measured.reduce((sum, part) => sum + part.count, 0)
  const total = measured.reduce((sum, part) => sum + part.count * (part.avg ?? 0), 0)
  const most = (key: (typeof PERCENTILES)[number] | 'max') =>
    extreme(
      Math.max,
      measured.map((part) => part[key]),
    )
  const percentiles = PERCENTILES.map((key): [string, number | null] => [key, most(key)])
  return {
    count,
    avg: count === 0 ? null : total / count,
    min: extreme(
      Math.min,
      measured.map(({ min }) => min),
    ),
    max: most('max'),
    ...(Object.fromEntries(percentiles) as Pick<LatencySummary, (typeof PERCENTILES)[number]>),
  }
}

/** Null when a part with measurements lacks the value. */
function extreme(of: (a: number, b: number) => number, values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null)
  return known.length === 0 || known.length < values.length ? null : known.reduce((a, b) => of(a, b))
}

export function addUp(parts: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sums: Record<string, number> = {}
  for (const part of parts)
    for (const [name, count] of Object.entries(part)) sums[name] = (sums[name] ?? 0) + count
  return sums
}
