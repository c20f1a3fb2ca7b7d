import type { ThresholdResult } from '../../engine/result.ts'
import { unitOfThreshold } from '../../figures/threshold.ts'
import { FOREIGN_TEXT_LENGTH } from '../../foreign-text.ts'
import { type Block, type Cell, left, PAGES, right, table } from '../block.ts'
import { decimal, MISSING } from '../format.ts'
import { thresholdFigures } from '../verdict.ts'

const VERDICTS: Readonly<Record<ThresholdResult['verdict'], Cell>> = {
  pass: { text: 'pass', tone: 'good', sign: '✅', judged: true },
  fail: { text: 'fail', tone: 'bad', sign: '❌', judged: true },
  'no-data': { text: 'no data', tone: 'bad', sign: '❌', judged: true },
  skipped: { text: 'skipped', tone: 'warn', sign: '⏭️', judged: true },
}

/** What the run had to hold, and by how much it did. */
export function thresholdsBlock(thresholds: readonly ThresholdResult[]): Block {
  const columns = [
    left('verdict'),
    left('threshold'),
    right('value'),
    right('limit'),
    right('margin', { in: PAGES }),
    left('', { long: true, most: FOREIGN_TEXT_LENGTH }),
  ]
  const rows = thresholds.map((threshold): Cell[] => {
    const { expression, verdict, reason = '' } = threshold
    const { value, limit } = thresholdFigures(threshold)
    return [VERDICTS[verdict], { text: expression, code: true }, value, limit, marginOf(threshold), reason]
  })
  return { title: 'Thresholds', parts: table(columns, rows) }
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
