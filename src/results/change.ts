import type { Unit } from '../engine/result.ts'
import type { Figure } from '../figures/figure.ts'
import type { RunView } from './run-view.ts'

/** One figure over the runs of one side. */
export interface Spread {
  /** Over the runs that have the figure; null when none has. */
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

/** Interpolates between the two nearest of the ascending values; null when there are none. */
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

/** A change for the worse beyond both of these is a regression. */
export interface Limit {
  /** Share of the old value: 0.3 is 30 % more (or less, where higher is better). */
  readonly relative: number
  /** Absolute, in the figure's unit: smaller changes are never reported, whatever their share. */
  readonly floor: number
}

/** The figures that decide, with their limits; only these determine the exit code of `compare`. */
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
  deviates: ANY,
}

/** Beyond these a change of any other figure is mentioned, without deciding anything. */
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
  /** As a share of the old value; null when that is 0. */
  readonly relative: number | null
}

export function changeOf(before: number, after: number): Change {
  const absolute = after - before
  return { absolute, relative: before === 0 ? null : absolute / Math.abs(before) }
}

/**
 * Whether a change is beyond its limit, in either direction. Any change from 0 is beyond the relative limit.
 */
export function exceeds({ absolute, relative }: Change, limit: Limit): boolean {
  if (absolute === 0) return false
  // In binary 1 − 0.9 is less than 0.1; a change equal to the limit is not beyond it.
  const share = relative === null ? Number.POSITIVE_INFINITY : Math.abs(relative)
  return share > limit.relative + 1e-9 && Math.abs(absolute) > limit.floor
}

/** The range of fewer runs means nothing. */
const RUNS_FOR_A_RANGE = 3
/** Fewer seconds of a burst mean nothing: other load on the machine weighs as much as the servers. */
const SECONDS_FOR_QUARTILES = 5
/**
 * A change this many times its limit is never noise, whatever the spread: runs that stall spread widely too.
 */
const BEYOND_NOISE = 3

export interface Sides<T> {
  readonly before: T
  readonly after: T
}

/**
 * Why a change beyond its limit may still be noise, in one sentence; undefined when it is not.
 *
 * With three or more runs per side: when the median of one side lies within the range of the other.
 */
export function noiseOf(change: Change, limit: Limit, { before, after }: Sides<Spread>): string | undefined {
  if (isBeyondNoise(change, limit)) return undefined
  if (Math.min(countKnown(before), countKnown(after)) < RUNS_FOR_A_RANGE) return undefined
  const apart = isOutside(after.median, before) && isOutside(before.median, after)
  return apart ? undefined : 'the runs of both sides overlap'
}

/**
 * The same for throughput with too few runs, by the seconds within the runs. Only when throughput per second
 * depends on the servers, not on a plan of arrivals or on a proxy that sends in rounds.
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

/**
 * On equal runs the fastest messages differ by 2 ms, however busy the machine; a slower server shows in them
 * too.
 */
const SAME_FASTEST_MS = 5

/**
 * The same for runs limited by the generator or its machine: waiting for busy cores slows the slow messages and
 * hardly the fastest, while whatever adds time to every message slows the fastest as well. Only up to a limit:
 * no busy core turns 5 ms into 5 s.
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

/** Ignores the last second of each run, which is seldom complete. */
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

/** Undefined when a run has no timeline. */
function quartiles(runs: readonly RunView[]) {
  if (runs.some(({ per_second: seconds }) => seconds.length === 0)) return undefined
  const seconds = runs.flatMap(({ per_second }) => per_second.slice(0, -1)).toSorted((a, b) => a - b)
  const [low, middle, high] = [0.25, 0.5, 0.75].map((share) => quantileOf(seconds, share))
  return low == null || middle == null || high == null ? undefined : { low, middle, high }
}
