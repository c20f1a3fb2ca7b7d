import { type Column, GAP, textTable } from './table.ts'
import { columnsOf, cutToColumns } from './width.ts'

/** A column of a list with its cells; of those too many for a narrow terminal the highest rank goes first. */
export interface ListColumn<T> extends Column {
  readonly cell: (row: T) => string
  /** 0: never left out. */
  readonly rank: number
}

/** The columns that fit into a width, in their order. Without a width (a pipe) all of them. */
export function fittingColumns<T>(
  columns: readonly ListColumn<T>[],
  rows: readonly T[],
  width: number | undefined,
): readonly ListColumn<T>[] {
  if (width === undefined) return columns
  const widths = new Map(columns.map((column) => [column, widthOf(column, rows)]))
  const total = (some: readonly ListColumn<T>[]) =>
    some.reduce((sum, column) => sum + (widths.get(column) ?? 0) + GAP, -GAP)
  let kept = columns
  while (total(kept) > width) {
    const least = kept.reduce((worst, column) => (column.rank >= worst.rank ? column : worst))
    if (least.rank === 0) break
    kept = kept.filter((column) => column !== least)
  }
  return kept
}

function widthOf<T>({ title, cell }: ListColumn<T>, rows: readonly T[]): number {
  return rows.reduce((most, row) => Math.max(most, columnsOf(cell(row))), columnsOf(title))
}

/** A title line and a line to the row, no longer than the width. */
export function listLines<T>(
  columns: readonly ListColumn<T>[],
  rows: readonly T[],
  width?: number,
): string[] {
  const kept = fittingColumns(columns, rows, width)
  const lines = textTable(
    kept,
    rows.map((row) => kept.map(({ cell }) => cell(row))),
  )
  return lines.map((line) => cutToColumns(line, width))
}
