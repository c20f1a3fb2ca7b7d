import { left, right, type Table, table } from '../block.ts'
import { count, decimal } from '../format.ts'

/** One column of a table over time: how the seconds of a row are told in one figure. */
export interface TimeColumn<Row> {
  readonly title: string
  readonly of: 'sum' | 'last' | 'worst'
  read(row: Row): number | null
}

/** Rows that a person still reads; a longer run gets several seconds to the row. */
const MOST_ROWS = 20

/** The run over time, condensed. Counts add up, of states the last stands, of latencies the worst second. */
export function timelineTable<Row extends { readonly second: number }>(
  timeline: readonly Row[],
  columns: readonly TimeColumn<Row>[],
): Table[] {
  const perRow = Math.max(1, Math.ceil(timeline.length / MOST_ROWS))
  const groups = Array.from({ length: Math.ceil(timeline.length / perRow) }, (_, index) =>
    timeline.slice(index * perRow, (index + 1) * perRow),
  )
  const rows = groups.map((group) => [secondsOf(group), ...columns.map((column) => figureOf(group, column))])
  const second = perRow === 1 ? left('second') : left('seconds')
  return table([second, ...columns.map(({ title }) => right(title))], rows, { in: ['markdown'] })
}

function secondsOf(group: readonly { readonly second: number }[]): string {
  const first = group[0]
  const last = group.at(-1)
  return first === last ? String(first?.second) : `${first?.second}–${last?.second}`
}

function figureOf<Row>(group: readonly Row[], { of, read }: TimeColumn<Row>): string {
  const last = group.at(-1)
  if (of === 'last') return count(last === undefined ? null : read(last))
  const measured = group.map(read).filter((value) => value !== null)
  if (measured.length === 0) return count(null)
  return of === 'sum'
    ? count(measured.reduce((sum, value) => sum + value, 0))
    : decimal(
        measured.reduce((most, value) => Math.max(most, value)),
        2,
      )
}
