import { readFileSync } from 'node:fs'
import { CsvError, parse } from 'csv-parse/sync'
import { errorText, MailstormError } from '../error.ts'
import { nearest } from './nearest.ts'

/** A table whose first line names the columns. */
export interface CsvTable {
  readonly columns: readonly string[]
  /** Values by column, as they stand there: spaces belong to them. */
  readonly rows: readonly Readonly<Record<string, string>>[]
}

export interface CsvWanted {
  /** What the file is for, as "the accounts". */
  readonly what: string
  /** Columns that it must have. */
  readonly columns: readonly string[]
}

/**
 * Reads a CSV file (RFC 4180), with or without byte order mark; where no comma stands in its first line, semicolons or
 * tabs separate. Throws one MailstormError; no value of the file is ever in its text, as it may be a password.
 */
export function readCsv(path: string, wanted: CsvWanted): CsvTable {
  const fail = (why: string, hint?: string): never => {
    throw new MailstormError('BAD_CSV', `Failed to read ${wanted.what} in ${path}: ${why}.`, hint)
  }
  const { columns, rows } = parsed(textOf(path, fail), fail)
  for (const column of wanted.columns) {
    if (columns.includes(column)) continue
    const meant = nearest(column, columns)
    const there = columns.length === 1 ? `its only column is ${columns[0]}` : `it has ${columns.join(', ')}`
    const suggestion = meant === undefined ? '' : ` Is ${meant} meant?`
    fail(
      `there is no column ${column}; ${there}`,
      `The first line names the columns: ${wanted.columns.join(',')}.${suggestion}`,
    )
  }
  if (rows.length === 0) fail('it has no line below the names of its columns')
  return { columns, rows }
}

type Fail = (why: string, hint?: string) => never

function textOf(path: string, fail: Fail): string {
  let octets: Buffer
  try {
    octets = readFileSync(path)
  } catch (error) {
    return fail((error as NodeJS.ErrnoException).code === 'ENOENT' ? 'no such file' : errorText(error))
  }
  if (octets.includes(0)) return fail('it is not UTF-8 text', 'Save it as "CSV UTF-8".')
  return octets.toString('utf8').replace(/^\ufeff/, '')
}

function parsed(text: string, fail: Fail): CsvTable {
  const [first = ''] = text.split(/\r\n|\r|\n/, 1)
  const delimiter = [',', ';', '\t'].find((one) => first.includes(one)) ?? ','
  const lines = linesOf(text, delimiter, fail)
  const columns = (lines[0] ?? []).map((name) => name.trim())
  if (columns.every((name) => name === '')) return fail('it is empty')
  const twice = columns.find((name, index) => columns.indexOf(name) !== index)
  if (twice !== undefined) return fail(`two of its columns are named "${twice}"`)
  const rows = lines
    .slice(1)
    .map((values) => Object.fromEntries(columns.map((name, index) => [name, values[index] ?? ''])))
  return { columns, rows }
}

function linesOf(text: string, delimiter: string, fail: Fail): string[][] {
  try {
    return parse(text, { delimiter, skip_empty_lines: true }) as string[][]
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    const line = typeof error.lines === 'number' ? error.lines : 1
    if (error.code.startsWith('CSV_RECORD_INCONSISTENT'))
      return fail(`line ${line} has more or fewer values than its first line has columns`)
    return fail(
      `its quotes are wrong in line ${line}`,
      'A quote within a quoted value is doubled: "say ""hi""".',
    )
  }
}
