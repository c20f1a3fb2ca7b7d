import type { FailureRow, Result } from '../../engine/result.ts'
import { left, right } from '../table.ts'
import { failureCount, failureText, failureTime, mostFrequent, replyCode } from '../text-details.ts'
import { type Html, html } from './markup.ts'
import { table } from './table.ts'

/** Kinds of failure on the page; all of them are in the JSON. */
const MOST_FAILURES = 100

/** Every kind of failure with the words of the server; undefined when there was none. */
export function errorsTable(
  { failures, metrics }: Pick<Result, 'failures' | 'metrics'>,
  caption = 'Errors',
): Html | undefined {
  if (failures.length === 0) return undefined
  const { shown, hidden } = mostFrequent(failures, MOST_FAILURES)
  const titles = ['Kind', 'Outcome', 'Phase', 'Server', 'Reply or reason', 'When']
  return html`${table({
    caption,
    columns: [left('Kind'), right('Count'), ...titles.slice(1).map(left)],
    rows: shown.map((row) => [
      html`<b>${kindOf(row)}</b>`,
      failureCount(row),
      html`<span class="outcome ${row.outcome}">${row.outcome}</span>`,
      row.phase,
      row.target,
      html`<span class="text">${failureText(row)}</span>`,
      whenCell(row, metrics.duration_seconds),
    ]),
  })}${hidden !== '' && html`<p class="note">${hidden} are in the JSON.</p>`}`
}

function kindOf(row: FailureRow): string {
  return replyCode(row) || row.class.replaceAll('_', ' ')
}

/** From the first to the last, as a part of the run's time. */
function whenCell(row: FailureRow, durationSeconds: number): Html {
  const place = (second: number) => Math.min(100, Math.max(0, (100 * second) / (durationSeconds || 1)))
  const from = place(row.first_at_seconds)
  const width = Math.max(1.5, place(row.last_at_seconds) - from)
  const style = `left:${Math.min(from, 98.5).toFixed(1)}%;width:${width.toFixed(1)}%`
  return html`<span class="when"><i style="${style}"></i></span><span class="dim">${failureTime(row)}</span>`
}
