import type { Unit } from '../analysis/figure.ts'
import type { Change } from '../analysis/limits.ts'
import {
  count,
  decimal,
  MISSING,
  milliseconds,
  percent,
  perSecond,
  seconds,
  signedPercent,
  size,
} from './format.ts'

/** A figure with the unit that it has. */
export function figureText(value: number | null, unit: Unit): string {
  switch (unit) {
    case 'ms':
      return milliseconds(value)
    case 'share':
      return percent(value)
    case 'count':
      return count(value)
    case 'per_second':
      return perSecond(value)
    case 'seconds':
      return seconds(value)
    case 'bytes':
      return size(value)
    case 'percent':
      return value === null ? decimal(null, 0) : `${decimal(value, 0)} %`
    case 'ratio':
      return value === null ? decimal(null, 0) : `${decimal(value, 2)} ×`
    default:
      return unit satisfies never
  }
}

/** From here on people read how many times, and not so many thousand percent. */
const TENFOLD = 9

/** The change as a share of what was before: `−25.0 %`, `×1,000`, or that there was nothing to share. */
export function relativeText(change: Change | null): string {
  if (change === null) return MISSING
  const { absolute, relative } = change
  if (relative === null) return absolute === 0 ? '0.0 %' : 'from 0'
  return relative >= TENFOLD ? `×${count(1 + relative)}` : signedPercent(relative)
}

/** The change of a figure, always with its sign. A change of a share is in points of percent. */
export function changeText(change: number, unit: Unit): string {
  if (change === 0) return '0'
  const text = figureText(Math.abs(change), unit)
  return `${change < 0 ? '−' : '+'}${unit === 'share' ? text.replace('%', 'pp') : text}`
}
