import { MailstormError } from '../../error.ts'
import { readCsv } from '../../text/csv.ts'
import type { FilledPattern, Pattern, PickTable, Piece } from './pattern.ts'

const MOST_ROWS = 1_000_000

type PickPiece = Extract<Piece, { kind: 'pick' }>

/** The pattern with what it picks from. Throws MailstormError when a file cannot be read, or has no such column. */
export function filled(pattern: Pattern): FilledPattern {
  const picks = pattern.pieces.filter(
    (piece): piece is PickPiece => typeof piece !== 'string' && piece.kind === 'pick',
  )
  const files = [...new Set(picks.map(({ file }) => file))]
  const tables = files.map((file) => {
    const columns = picks.filter((pick) => pick.file === file).map(({ column }) => column)
    return tableOf(file, [...new Set(columns)], pattern.text)
  })
  return { ...pattern, tables }
}

function tableOf(file: string, columns: readonly string[], text: string): PickTable {
  const { rows } = readCsv(file, { what: `what ${text} picks`, columns })
  const seen = new Set<string>()
  const cells: Buffer[] = []
  for (const row of rows) {
    const values = columns.map((column) => row[column] ?? '')
    const key = values.join('\0')
    if (seen.has(key)) continue
    seen.add(key)
    cells.push(...values.map((value) => Buffer.from(value)))
  }
  if (seen.size > MOST_ROWS)
    throw new MailstormError(
      'BAD_CSV',
      `Failed to read what ${text} picks in ${file}: it has more than ${MOST_ROWS.toLocaleString('en-US')} different rows.`,
    )
  return { file, columns, rows: seen.size, ...packed(cells) }
}

function packed(cells: readonly Buffer[]): Pick<PickTable, 'values' | 'ends'> {
  const bytes = cells.reduce((sum, { length }) => sum + length, 0)
  const values = new Uint8Array(new SharedArrayBuffer(bytes))
  const ends = new Uint32Array(new SharedArrayBuffer(4 * cells.length))
  let at = 0
  for (const [index, cell] of cells.entries()) {
    values.set(cell, at)
    at += cell.length
    ends[index] = at
  }
  return { values, ends }
}
