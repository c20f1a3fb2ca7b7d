import type { FailureRow, Result } from '../../load/result.ts'
import { count } from '../format.ts'
import { left, right } from '../table.ts'
import { byCount, failureTime, replyCode } from '../text-details.ts'
import { type Html, html } from './markup.ts'
import { table } from './table.ts'

/** Kinds of failure on the page; all of them are in the JSON. */
const MOST_FAILURES = 100

/** Every kind of failure with the words of the server; undefined when there was none. */
export function errorsTable({ failures, metrics }: Result): Html | undefined {
  if (failures.length === 0) return undefined
  const rows = byCount(failures)
  const hidden = rows.length - MOST_FAILURES
  const titles = ['Kind', 'Outcome', 'Phase', 'Server', 'Reply or reason', 'When']
  return html`${table({
    caption: 'Errors',
    columns: [left('Kind'), right('Count'), ...titles.slice(1).map(left)],
    rows: rows
      .slice(0, MOST_FAILURES)
      .map((row) => [
        html`<b>${kindOf(row)}</b>`,
        count(row.count),
        html`<span class="outcome ${row.outcome}">${row.outcome}</span>`,
        row.phase,
        row.target,
        html`<span class="text">${row.text}</span>`,
        whenCell(row, metrics.duration_seconds),
      ]),
  })}${hidden > 0 && html`<p class="note">${count(hidden)} further kinds are in the JSON.</p>`}`
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
