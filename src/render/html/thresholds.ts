import type { ThresholdResult } from '../../engine/result.ts'
import { decimal, MISSING } from '../format.ts'
import { left, right } from '../table.ts'
import { thresholdFigures, unitOfThreshold } from '../verdict.ts'
import { type Html, html } from './markup.ts'
import { table } from './table.ts'

const WORDS = { pass: 'pass', fail: 'fail', 'no-data': 'no data', skipped: 'skipped' } as const

/** What the run had to hold, and by how much it did. */
export function thresholdsTable(thresholds: readonly ThresholdResult[]): Html | undefined {
  if (thresholds.length === 0) return undefined
  return table({
    caption: 'Thresholds',
    columns: [left('Threshold'), left('Verdict'), right('Value'), right('Limit'), right('Margin')],
    rows: thresholds.map((threshold) => {
      const { expression, verdict, reason } = threshold
      const { value, limit } = thresholdFigures(threshold)
      const why = reason === undefined ? false : html` <span class="dim">${reason}</span>`
      return [
        html`<code>${expression}</code>`,
        html`<span class="verdict ${verdict}">${WORDS[verdict]}</span>${why}`,
        value,
        limit,
        marginOf(threshold),
      ]
    }),
  })
}

/**
 * How far the value is on the good side of its limit, in percent of the limit, of a share in points of percent;
 * negative beyond it.
 */
export function marginOf(threshold: ThresholdResult): string {
  const { expression, value, limit } = threshold
  const isShare = unitOfThreshold(threshold) === 'share'
  if (value === null || (limit === 0 && !isShare)) return MISSING
  const upper = /<=?\d|<=?-/.test(expression)
  const lower = />=?\d|>=?-/.test(expression)
  if (!upper && !lower) return MISSING
  const good = upper ? limit - value : value - limit
  const share = (isShare ? good : good / Math.abs(limit)) * 100
  const unit = isShare ? 'pp' : '%'
  const digits = Math.abs(share) < 10 ? 2 : 0
  const text = decimal(share, digits)
  if (Number(text.replaceAll(',', '')) === 0) return `0 ${unit}`
  return `${share > 0 ? '+' : ''}${text.replace('-', '−')} ${unit}`
}
