import type { Finding, PressureResult, PressureTimelineRow } from '../result.ts'

/** The parts of a result that the rules look at. */
export type Patient = Pick<PressureResult, 'timeline' | 'metrics' | 'tenants' | 'verification' | 'proxy'>

/** Looks for one warning sign; returns a finding with numbers, or undefined. */
export type Rule = (run: Patient) => Finding | undefined

/** Rows of the hand-over window; queues and memory after it show recovery. */
export function windowOf({ timeline, metrics }: Patient): readonly PressureTimelineRow[] {
  return timeline.slice(0, Math.max(1, Math.floor(metrics.window_seconds)))
}

export interface Thirds {
  readonly first: number
  readonly middle: number
  readonly last: number
}

/** With fewer values there is no trend to see. */
const LEAST_VALUES = 9

/**
 * Means of the first, second and last third: they separate a trend from the saw-tooth of sync cycles. Undefined
 * with too few values; seconds without a value are left out.
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

/** For display: a whole number from 100 on, else one decimal. */
export function shown(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: Math.abs(value) >= 100 ? 0 : 1 })
}

export function shownMegabytes(bytes: number): string {
  return `${shown(bytes / 1024 ** 2)} MB`
}
