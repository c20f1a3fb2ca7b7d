import { columnsOf, cutToColumns, padded, wrapLine } from './terminal.ts'

type Align = 'left' | 'right'

/** What a table of lines must know of a column. */
interface Titled {
  readonly title: string
  readonly align: Align
}

type Rows = readonly (readonly string[])[]

/** Columns of blanks between two columns of a table. */
const GAP = 2

/**
 * Aligned columns for a terminal, two spaces apart; no title row when every title is empty. Columns that a
 * width has no room for follow below in a table of their own, each of whose rows begins as those above do.
 */
export function textTable(columns: readonly Titled[], rows: Rows, width?: number): string[] {
  const titles = columns.map((column) => column.title)
  const all = titles.some((title) => title !== '') ? [titles, ...rows] : rows
  const widths = columns.map((_, index) =>
    all.reduce((most, row) => Math.max(most, columnsOf(row[index] ?? '')), 0),
  )
  return pagesOf(widths, width).flatMap((shown, page) => [
    ...(page === 0 ? [] : ['']),
    ...all.map((row) =>
      cutToColumns(
        shown
          .map((index) => padded(row[index] ?? '', widths[index] ?? 0, columns[index]?.align ?? 'left'))
          .join(' '.repeat(GAP))
          .trimEnd(),
        width,
      ),
    ),
  ])
}

/** Which columns stand beside each other, the first one in each. */
function pagesOf(widths: readonly number[], width: number | undefined): number[][] {
  const [first = 0] = widths
  const pages: number[][] = [[]]
  let used = -GAP
  for (const [index, own] of widths.entries()) {
    const page = pages.at(-1) as number[]
    if (width !== undefined && used + GAP + own > width && page.length > 1) {
      pages.push([0, index])
      used = first + GAP + own
    } else {
      page.push(index)
      used += GAP + own
    }
  }
  return pages
}

/** A row of a table with a text that may be long. */
export interface DetailedRow {
  readonly cells: readonly string[]
  readonly detail: string
}

/** The lines of a table whose rows end in a long text: behind its row where all fit, else whole below it. */
export function detailedTable(
  columns: readonly Titled[],
  rows: readonly DetailedRow[],
  detailTitle: string,
  width?: number,
): { readonly titles: readonly string[]; readonly rows: readonly (readonly string[])[] } {
  const beside = textTable(
    [...columns, { title: detailTitle, align: 'left' }],
    rows.map(({ cells, detail }) => [...cells, detail]),
  )
  if (width === undefined || beside.every((line) => columnsOf(line) <= width)) {
    return { titles: beside.slice(0, 1), rows: beside.slice(1).map((line) => [line]) }
  }
  const cells = rows.map((row) => row.cells)
  const lines = textTable(columns, cells, width)
  // Of a table in several pages only the whole can be shown.
  const whole = lines.length === rows.length + 1
  const details = (detail: string) => (detail === '' ? [] : wrapLine(`    ${detail}`, width))
  return whole
    ? {
        titles: lines.slice(0, 1),
        rows: rows.map(({ detail }, index) => [lines[index + 1] ?? '', ...details(detail)]),
      }
    : { titles: lines, rows: rows.map(({ detail }) => details(detail)) }
}

/** A Markdown table. The cells are Markdown already: escape what is foreign before. */
export function markdownTable(columns: readonly Titled[], rows: Rows): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const rule = columns.map(({ align }) => (align === 'left' ? '---' : '---:'))
  return [line(columns.map((column) => column.title)), line(rule), ...rows.map(line)].join('\n')
}

/** A column of a list with its cells; of those too many for a narrow terminal the highest rank goes first. */
export interface ListColumn<T> extends Titled {
  readonly cell: (row: T) => string
  /** 0: never left out. */
  readonly rank: number
}

/** The columns that fit into a width, in their order. Without a width (a pipe) all of them. */
function fittingColumns<T>(
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
