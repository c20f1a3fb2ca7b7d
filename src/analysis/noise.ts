import { type Change, exceeds, type Limit } from './limits.ts'
import { countKnown, quantileOf, type Spread, spreadOf } from './spread.ts'
import type { RunView } from './view.ts'

/** Of fewer runs the range says nothing. */
const RUNS_FOR_A_RANGE = 3
/** Fewer seconds of a burst say nothing: what else the machine did then weighs as much as the servers. */
const SECONDS_FOR_QUARTILES = 5
/** A change this many times its limit is no noise, whatever the spread: a run that stalls spreads widely too. */
const BEYOND_NOISE = 3

export interface Sides<T> {
  readonly before: T
  readonly after: T
}

/**
 * Why a change beyond its limit may still be noise, in one sentence; undefined when it is not.
 *
 * With three runs or more on each side: when the median of one lies within the range of the other.
 */
export function noiseOf(change: Change, limit: Limit, { before, after }: Sides<Spread>): string | undefined {
  if (isBeyondNoise(change, limit)) return undefined
  if (Math.min(countKnown(before), countKnown(after)) < RUNS_FOR_A_RANGE) return undefined
  const apart = isOutside(after.median, before) && isOutside(before.median, after)
  return apart ? undefined : 'the runs of both sides overlap'
}

/**
 * The same for throughput from within the runs, where there are too few of them: their seconds. Only where
 * a second's throughput is the servers' doing: with a plan of arrivals, or a proxy that sends in turns, it
 * is the plan's.
 */
export function noiseOfSeconds(
  change: Change,
  limit: Limit,
  { before, after }: Sides<readonly RunView[]>,
): string | undefined {
  const enoughRuns = Math.min(before.length, after.length) >= RUNS_FOR_A_RANGE
  if (enoughRuns || isBeyondNoise(change, limit) || ![...before, ...after].every(isBurst)) return undefined
  const seconds = Math.min(wholeSeconds(before), wholeSeconds(after))
  if (seconds < SECONDS_FOR_QUARTILES) return tooShort(seconds)
  const quarters = { before: quartiles(before), after: quartiles(after) }
  if (quarters.before === undefined || quarters.after === undefined) return undefined
  const [slower, faster] =
    quarters.before.middle > quarters.after.middle
      ? [quarters.after, quarters.before]
      : [quarters.before, quarters.after]
  if (slower.middle < faster.low && faster.middle > slower.high) return undefined
  const range = `${Math.round(faster.low)} to ${Math.round(faster.high)}/s`
  return `it differs as much from second to second (the middle half of the faster side: ${range})`
}

/** The fastest of equal runs differ by 2 ms here, however busy the machine; a slower server shows in them too. */
const SAME_FASTEST_MS = 5

/**
 * The same where the generator or its machine was the limit of a run: queueing for its cores makes the slow
 * messages slower, and hardly the fastest. What adds time to each message adds it to the fastest as well.
 * Only up to a size: no busy core explains 5 s where 5 ms were.
 */
export function noiseOfBoundRuns(
  change: Change,
  limit: Limit,
  { before, after }: Sides<readonly RunView[]>,
): string | undefined {
  if (isBeyondNoise(change, limit)) return undefined
  if (Math.min(before.length, after.length) >= RUNS_FOR_A_RANGE) return undefined
  const isBound = (runs: readonly RunView[]) => runs.some(({ generator_bound: bound }) => bound === true)
  const sides = [isBound(before) ? 'A' : '', isBound(after) ? 'B' : ''].filter((side) => side !== '')
  const [old, now] = [before, after].map(
    (runs) => spreadOf(runs.map(({ figures }) => figures.min ?? null)).median,
  )
  if (sides.length === 0 || old == null || now == null || Math.abs(now - old) > SAME_FASTEST_MS)
    return undefined
  return `the machine was the limit of ${sides.join(' and ')} (generator-bound), and the fastest messages are as fast; take ${RUNS_FOR_A_RANGE} runs to a side`
}

function tooShort(seconds: number): string {
  const length = seconds === 1 ? '1 whole second tells' : `${seconds} whole seconds tell`
  return `${length} too little; take runs of ${SECONDS_FOR_QUARTILES + 1} s and more, or ${RUNS_FOR_A_RANGE} runs to a side`
}

function isBurst({ circumstances: { workload } }: RunView): boolean {
  return workload.mode === 'burst'
}

/** Without the last second of each run, which is seldom a whole one. */
function wholeSeconds(runs: readonly RunView[]): number {
  const of = ({ per_second: seconds, duration_seconds: duration }: RunView) =>
    seconds.length > 0 ? seconds.length - 1 : Math.floor(duration ?? 0)
  return runs.reduce((sum, run) => sum + of(run), 0)
}

function isBeyondNoise(change: Change, limit: Limit): boolean {
  return exceeds(change, { relative: BEYOND_NOISE * limit.relative, floor: BEYOND_NOISE * limit.floor })
}

function isOutside(value: number | null, { min, max }: Spread): boolean {
  return value !== null && min !== null && max !== null && (value < min || value > max)
}

/** Undefined where a run has no timeline. */
function quartiles(runs: readonly RunView[]) {
  if (runs.some(({ per_second: seconds }) => seconds.length === 0)) return undefined
  const seconds = runs.flatMap(({ per_second }) => per_second.slice(0, -1)).toSorted((a, b) => a - b)
  const [low, middle, high] = [0.25, 0.5, 0.75].map((share) => quantileOf(seconds, share))
  return low == null || middle == null || high == null ? undefined : { low, middle, high }
}
