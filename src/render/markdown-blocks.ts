import type { ThresholdResult } from '../engine/result.ts'
import { markdownText } from './escape.ts'
import { left, markdownTable, right } from './table.ts'
import { thresholdFigures } from './verdict.ts'

/** What the Markdown of every kind of run is made of. */

export const SIGNS = { PASSED: '✅', WARNING: '⚠️', FAILED: '❌' } as const
const VERDICTS = { pass: '✅ pass', fail: '❌ fail', 'no-data': '❌ no data', skipped: '⏭️ skipped' } as const

export function details(title: string, body: string): string {
  // The empty lines make GitHub read Markdown inside HTML again (GFM, HTML blocks, condition 6).
  return body === '' ? '' : `<details><summary>${title}</summary>\n\n${body}\n\n</details>`
}

export function thresholdsMarkdown(thresholds: readonly ThresholdResult[]): string {
  if (thresholds.length === 0) return ''
  const rows = thresholds.map((threshold) => {
    const { value, limit } = thresholdFigures(threshold)
    const { verdict, expression, reason } = threshold
    const why = reason === undefined ? '' : ` (${markdownText(reason)})`
    return [VERDICTS[verdict] + why, markdownText(expression), value, limit]
  })
  return markdownTable([left('Verdict'), left('Threshold'), right('Value'), right('Limit')], rows)
}

/** Blocks that are empty are left out. */
export function markdownPage(blocks: readonly string[]): string {
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`
}
