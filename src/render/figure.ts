import type { Unit } from '../analysis/figure.ts'
import { count, decimal, milliseconds, percent, perSecond, seconds, size } from './format.ts'

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

/** The change of a figure, always with its sign. A change of a share is in points of percent. */
export function changeText(change: number, unit: Unit): string {
  if (change === 0) return '0'
  const text = figureText(Math.abs(change), unit)
  return `${change < 0 ? '−' : '+'}${unit === 'share' ? text.replace('%', 'pp') : text}`
}
