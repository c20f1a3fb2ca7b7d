import { mergeSparse, quantileMs } from '../engine/histogram.ts'
import type { Recording } from '../engine/recording.ts'
import type { DriftResult, ResourceUsage } from '../engine/result.ts'

export interface Point {
  readonly x: number
  readonly y: number
}

export interface Slope {
  readonly perX: number
  /** Bounds of the 95 % confidence interval of the slope. */
  readonly low: number
  readonly high: number
}

/** Normal quantile of a two-sided 95 % interval. */
const Z_95 = 1.96

/**
 * Theil–Sen estimator: the median slope over all pairs of points. Up to 29 % of the points may be outliers (a
 * garbage collection, a backup at midnight) without moving it far; least squares follows every one of them.
 * Confidence interval by Sen (1968): the slopes of rank (N ± C)/2 with C = z·√(n(n−1)(2n+5)/18), N the number
 * of slopes. Undefined below three points.
 */
export function theilSen(points: readonly Point[]): Slope | undefined {
  const n = points.length
  if (n < 3) return undefined
  const slopes: number[] = []
  for (const [i, a] of points.entries()) {
    for (let j = i + 1; j < n; j++) {
      const b = points[j] as Point
      if (b.x !== a.x) slopes.push((b.y - a.y) / (b.x - a.x))
    }
  }
  slopes.sort((a, b) => a - b)
  const reach = (Z_95 * Math.sqrt((n * (n - 1) * (2 * n + 5)) / 18)) / 2
  const at = (rank: number) => slopes[Math.min(slopes.length - 1, Math.max(0, Math.round(rank)))] ?? 0
  const middle = (slopes.length - 1) / 2
  const median = (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2
  return { perX: median, low: at(middle - reach), high: at(middle + reach) }
}

/** Slopes per hour of shorter runs are meaningless. */
export const SHORTEST_DRIFT_MS = 300_000
/** Caches fill and the JIT compiles at first: a tenth of the run, at most five minutes. */
const WARM_UP_SHARE = 0.1
const LONGEST_WARM_UP_SECONDS = 300
/**
 * A heap that is collected lazily grows by steps to its working size, and stays there. Measured on our servers at 40
 * messages a second each: 120 MB at first, 190 to 240 MB after 10 to 15 minutes, and level for the rest of 30.
 */
const MEMORY_WARM_UP_SHARE = 0.5
/** Enough for a line, and its n²/2 slopes are still quick to sort. */
const MOST_INTERVALS = 120
/** Fewer intervals with messages in them prove nothing. */
const FEWEST_POINTS = 10

export interface DriftFacts {
  readonly windowMs: number | undefined
  readonly recording: Pick<Recording, 'seconds'>
  readonly resourceUsage: Readonly<Record<string, ResourceUsage>>
}

/** Drift of the response time and of each service's memory over a run; undefined for short runs. */
export function driftOf({ windowMs, recording, resourceUsage }: DriftFacts): DriftResult[] | undefined {
  if (windowMs === undefined || windowMs < SHORTEST_DRIFT_MS) return undefined
  const seconds = Math.floor(windowMs / 1000)
  const after = (warmUpSeconds: number): Intervals => {
    const from = Math.ceil(warmUpSeconds)
    return { from, to: seconds, wide: Math.ceil((seconds - from) / MOST_INTERVALS) }
  }
  const settled = after(seconds * MEMORY_WARM_UP_SHARE)
  const memory = Object.entries(resourceUsage).map(([name, { samples }]) => {
    const used = samples.map((sample) => ({ second: sample.second, value: sample.memory_bytes }))
    return drift(`memory of ${name}`, 'bytes', settled.from, medians(used, settled))
  })
  const warm = after(Math.min(LONGEST_WARM_UP_SECONDS, seconds * WARM_UP_SHARE))
  const p99 = drift('response time p99', 'ms', warm.from, p99s(recording, warm))
  return [p99, ...memory].filter((row) => row !== undefined)
}

interface Intervals {
  readonly from: number
  readonly to: number
  readonly wide: number
}

function drift(
  of: string,
  unit: DriftResult['unit'],
  fromSecond: number,
  points: readonly Point[],
): DriftResult | undefined {
  const slope = points.length < FEWEST_POINTS ? undefined : theilSen(points)
  if (slope === undefined) return undefined
  const perHour = (perSecond: number) => perSecond * 3_600
  return {
    of,
    unit,
    per_hour: perHour(slope.perX),
    low_per_hour: perHour(slope.low),
    high_per_hour: perHour(slope.high),
    points: points.length,
    from_second: fromSecond,
  }
}

/** The p99 of each interval, from the merged histograms of its seconds. */
function p99s({ seconds }: Pick<Recording, 'seconds'>, { from, to, wide }: Intervals): Point[] {
  const points: Point[] = []
  for (let second = from; second + wide <= to; second += wide) {
    const histograms = seconds.slice(second, second + wide).map(({ responseTime }) => responseTime)
    if (histograms.length === 0) continue
    const all = histograms.reduce(mergeSparse)
    if (all.count > 0) points.push({ x: second + wide / 2, y: quantileMs(all, 0.99) })
  }
  return points
}

function medians(
  samples: readonly { readonly second: number; readonly value: number }[],
  { from, to, wide }: Intervals,
): Point[] {
  const byInterval = new Map<number, number[]>()
  for (const { second, value } of samples) {
    if (second < from || second >= to) continue
    const interval = Math.floor((second - from) / wide)
    byInterval.set(interval, [...(byInterval.get(interval) ?? []), value])
  }
  return [...byInterval].map(([interval, values]) => {
    const sorted = values.toSorted((a, b) => a - b)
    return { x: from + (interval + 0.5) * wide, y: sorted[Math.floor((sorted.length - 1) / 2)] as number }
  })
}
