import type { TimelineRow } from '../engine/result.ts'
import { count, decimal, MISSING } from './format.ts'
import { markdownTable, right } from './table.ts'

/** Rows that a person still reads; a longer run gets several seconds to the row. */
const MOST_ROWS = 20

/** The run over time, condensed to at most twenty rows. Counts add up; of latencies the worst second stands. */
export function timelineTable(timeline: readonly TimelineRow[]): string {
  if (timeline.length === 0) return ''
  const perRow = Math.ceil(timeline.length / MOST_ROWS)
  const columns = [
    'Second',
    'Due',
    'Started',
    'Accepted',
    'Not accepted',
    'In flight',
    'Queued',
    'Sessions',
    'p99 ms',
    'max ms',
  ]
  const groups = Array.from({ length: Math.ceil(timeline.length / perRow) }, (_, index) =>
    timeline.slice(index * perRow, (index + 1) * perRow),
  )
  const table = markdownTable(columns.map(right), groups.map(groupCells))
  const note = `${perRow} seconds to the row; p99 and max are those of the row's worst second, in flight and queued of its last.`
  return perRow === 1 ? table : `${table}\n\n${note}`
}

function groupCells(rows: readonly TimelineRow[]): string[] {
  const sum = (of: (row: TimelineRow) => number) => count(rows.reduce((total, row) => total + of(row), 0))
  const first = rows[0]
  const last = rows.at(-1)
  return [
    first === last ? String(first?.second) : `${first?.second}–${last?.second}`,
    sum((row) => row.due),
    sum((row) => row.started),
    sum((row) => row.accepted),
    sum((row) => row.deferred + row.rejected + row.failed),
    count(last?.in_flight),
    count(last?.queued),
    sum((row) => row.sessions_opened),
    worst(rows.map((row) => row.response_time_ms.p99)),
    worst(rows.map((row) => row.response_time_ms.max)),
  ]
}

function worst(values: readonly (number | null)[]): string {
  const measured = values.filter((value) => value !== null)
  if (measured.length === 0) return MISSING
  return decimal(
    measured.reduce((most, value) => Math.max(most, value)),
    2,
  )
}
