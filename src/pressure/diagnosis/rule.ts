import type { Finding, PressureResult, PressureTimelineRow } from '../result.ts'

/** What the rules look at. */
export type Patient = Pick<PressureResult, 'timeline' | 'metrics' | 'tenants' | 'verification' | 'proxy'>

/** Finds one warning sign, with numbers; undefined when there is none of it. */
export type Rule = (run: Patient) => Finding | undefined

/** The rows of the attack window: what queues and memory do afterwards is recovery. */
export function windowOf({ timeline, metrics }: Patient): readonly PressureTimelineRow[] {
  return timeline.slice(0, Math.max(1, Math.floor(metrics.window_seconds)))
}

export interface Thirds {
  readonly first: number
  readonly middle: number
  readonly last: number
}

/** Fewer seconds have no course. */
const LEAST_VALUES = 9

/**
 * Means of the first, second and last third: they tell a course from the saw teeth that sync cycles make.
 * Undefined for too few values; seconds without one are left out.
 */
export function thirdsOf(values: readonly (number | null)[]): Thirds | undefined {
  const known = values.filter((value) => value !== null)
  if (known.length < LEAST_VALUES) return undefined
  const third = Math.floor(known.length / 3)
  const mean = (from: number, to: number) =>
    known.slice(from, to).reduce((sum, value) => sum + value, 0) / (to - from)
  return {
    first: mean(0, third),
    middle: mean(third, known.length - third),
    last: mean(known.length - third, known.length),
  }
}

/** For people: whole from 100 on, else one decimal. */
export function shown(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: Math.abs(value) >= 100 ? 0 : 1 })
}

export function shownMegabytes(bytes: number): string {
  return `${shown(bytes / 1024 ** 2)} MB`
}
