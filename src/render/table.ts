export type Align = 'left' | 'right'

export interface Column {
  readonly title: string
  readonly align: Align
}

/** Columns from short words: `left('Scenario')`, `right('p99')`. */
export const left = (title: string): Column => ({ title, align: 'left' })
export const right = (title: string): Column => ({ title, align: 'right' })

type Rows = readonly (readonly string[])[]

/** Aligned columns for a terminal, two spaces apart; no title row when every title is empty. */
export function textTable(columns: readonly Column[], rows: Rows): string[] {
  const titles = columns.map((column) => column.title)
  const all = titles.some((title) => title !== '') ? [titles, ...rows] : rows
  const widths = columns.map((_, index) => Math.max(0, ...all.map((row) => (row[index] ?? '').length)))
  return all.map((row) =>
    columns
      .map(({ align }, index) => {
        const cell = row[index] ?? ''
        const width = widths[index] ?? 0
        return align === 'left' ? cell.padEnd(width) : cell.padStart(width)
      })
      .join('  ')
      .trimEnd(),
  )
}

/** A Markdown table. The cells are Markdown already: escape what is foreign before. */
export function markdownTable(columns: readonly Column[], rows: Rows): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const rule = columns.map(({ align }) => (align === 'left' ? '---' : '---:'))
  return [line(columns.map((column) => column.title)), line(rule), ...rows.map(line)].join('\n')
}
