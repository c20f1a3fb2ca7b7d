import type { Unit } from '../engine/result.ts'
import type { Figure } from '../figures/figure.ts'
import type { RunView } from './run-view.ts'

/** One figure over the runs of one side. */
export interface Spread {
  /** Of the runs that have it; null when none has. */
  readonly median: number | null
  readonly min: number | null
  readonly max: number | null
  /** Run by run, in the order given. */
  readonly values: readonly (number | null)[]
}

export function spreadOf(values: readonly (number | null)[]): Spread {
  const known = values.filter((value) => value !== null).toSorted((a, b) => a - b)
  return { median: quantileOf(known, 0.5), min: known[0] ?? null, max: known.at(-1) ?? null, values }
}

/** Of values in ascending order, between the two nearest; null when there is none. */
export function quantileOf(ascending: readonly number[], share: number): number | null {
  const place = share * (ascending.length - 1)
  const below = ascending[Math.floor(place)]
  const above = ascending[Math.ceil(place)]
  if (below === undefined || above === undefined) return null
  return below + (above - below) * (place - Math.floor(place))
}

function countKnown({ values }: Spread): number {
  return values.filter((value) => value !== null).length
}

/** From when on a change for the worse is a regression: beyond a share of the old value, and a floor. */
export interface Limit {
  /** 0.3: a third of it more (or less, where higher is better). */
  readonly relative: number
  /** In the figure's unit: smaller changes are never called, however large their share. */
  readonly floor: number
}

/** The figures that decide, with their limits; the exit code of `compare` is made of these alone. */
export type Limits = Readonly<Record<string, Limit>>

/** One lost message is one too many. */
const ANY: Limit = { relative: 0, floor: 0 }

export const DEFAULT_LIMITS: Limits = {
  'p(95)': { relative: 0.3, floor: 50 },
  success_rate: { relative: 0.1, floor: 0 },
  throughput: { relative: 0.1, floor: 0 },
  lost: ANY,
  duplicated: ANY,
  corrupted: ANY,
  misreported: ANY,
}

/** From when on a figure gets a word that decides nothing. */
export const NOTEWORTHY: Readonly<Record<Unit, Limit>> = {
  ms: { relative: 0.3, floor: 2 },
  share: { relative: 0.01, floor: 0.001 },
  count: { relative: 0.1, floor: 0.5 },
  per_second: { relative: 0.1, floor: 0.5 },
  seconds: { relative: 0.1, floor: 0.5 },
  bytes: { relative: 0.2, floor: 4 * 1024 * 1024 },
  percent: { relative: 0.2, floor: 10 },
  factor: { relative: 0.2, floor: 0.1 },
  megabytes: { relative: 0.2, floor: 4 },
  ms_per_hour: { relative: 0.5, floor: 10 },
  megabytes_per_hour: { relative: 0.5, floor: 10 },
  number: { relative: 0.1, floor: 0 },
}

export function limitOf(limits: Limits, { name, unit }: Figure<object>): Limit {
  return limits[name] ?? NOTEWORTHY[unit]
}

export interface Change {
  /** After minus before, in the figure's unit. */
  readonly absolute: number
  /** Share of the old value; null when that is 0. */
  readonly relative: number | null
}

export function changeOf(before: number, after: number): Change {
  const absolute = after - before
  return { absolute, relative: before === 0 ? null : absolute / Math.abs(before) }
}

/** Whether a change is larger than its limit, on either side. From 0 every change is large by its share. */
export function exceeds({ absolute, relative }: Change, limit: Limit): boolean {
  if (absolute === 0) return false
  // 1 − 0.9 is less than 0.1 in binary: what stands at the limit has not passed it.
  const share = relative === null ? Number.POSITIVE_INFINITY : Math.abs(relative)
  return share > limit.relative + 1e-9 && Math.abs(absolute) > limit.floor
}

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
  return `the machine was the limit of ${sides.join(' and ')} (generator-bound), and the fastest messages are as fast; take ${RUNS_FOR_A_RANGE} runs per side`
}

function tooShort(seconds: number): string {
  const length = seconds === 1 ? '1 whole second is' : `${seconds} whole seconds are`
  return `${length} too little; take runs of ${SECONDS_FOR_QUARTILES + 1} s and more, or ${RUNS_FOR_A_RANGE} runs per side`
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
