import type { Figure, Unit } from './figure.ts'

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
  ratio: { relative: 0.2, floor: 0.1 },
}

export function limitOf(limits: Limits, { name, unit }: Figure): Limit {
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
