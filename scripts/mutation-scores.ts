import { existsSync } from 'node:fs'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Writes what Stryker found into docs/testing.md: the rows of the files that it changed; others stay as they are. */

/** The part of Stryker's JSON report that counts (schema of mutation-testing-elements, version 2). */
export interface MutationReport {
  readonly files: Readonly<Record<string, { readonly mutants: readonly { readonly status: string }[] }>>
}

interface Row {
  readonly file: string
  readonly mutants: number
  readonly killed: number
  readonly date: string
}

const BEGIN = '<!-- mutation scores: begin -->'
const END = '<!-- mutation scores: end -->'

export interface Measured {
  readonly report: MutationReport
  /** Day on which Stryker ran, as 2026-11-30. */
  readonly date: string
  /** Whether a file of the table still exists: rows of others go. */
  readonly exists: (file: string) => boolean
}

/** The page with the rows of a report's files in its table, and their sum. */
export function withScores(page: string, { report, date, exists }: Measured): string {
  const from = page.indexOf(BEGIN)
  const to = page.indexOf(END)
  if (from < 0 || to < from) throw new Error(`Failed to find "${BEGIN}" and "${END}" in the page.`)
  const rows = new Map(rowsIn(page.slice(from, to)).map((row) => [row.file, row]))
  for (const row of rowsOf(report, date)) rows.set(row.file, row)
  const sorted = [...rows.values()]
    .filter(({ file }) => exists(file))
    .toSorted((a, b) => (a.file < b.file ? -1 : 1))
  return `${page.slice(0, from)}${BEGIN}\n${tableOf(sorted)}\n${page.slice(to)}`
}

/** Killed are also mutants that ran into the time limit. Of files without any there is no row. */
function rowsOf({ files }: MutationReport, date: string): Row[] {
  return Object.entries(files).flatMap(([file, { mutants }]) => {
    const count = (...wanted: string[]) => mutants.filter(({ status }) => wanted.includes(status)).length
    const killed = count('Killed', 'Timeout')
    const all = killed + count('Survived', 'NoCoverage')
    return all === 0 ? [] : { file, mutants: all, killed, date }
  })
}

function rowsIn(table: string): Row[] {
  return [...table.matchAll(/^\| `(\S+)` \| (\d+) \| (\d+) \| [\d.]+ % \| (\S+) \|$/gm)].map(
    ([, file = '', mutants, killed, date = '']) => ({
      file,
      mutants: Number(mutants),
      killed: Number(killed),
      date,
    }),
  )
}

function tableOf(rows: readonly Row[]): string {
  const sum = (of: (row: Row) => number) => rows.reduce((total, row) => total + of(row), 0)
  const share = (killed: number, mutants: number) => `${((100 * killed) / mutants).toFixed(1)} %`
  return [
    '| file | mutants | killed | score | measured |',
    '|---|---|---|---|---|',
    ...rows.map(
      ({ file, mutants, killed, date }) =>
        `| \`${file}\` | ${mutants} | ${killed} | ${share(killed, mutants)} | ${date} |`,
    ),
    `| all of these | ${sum((row) => row.mutants)} | ${sum((row) => row.killed)} | ${share(
      sum((row) => row.killed),
      sum((row) => row.mutants),
    )} | |`,
  ].join('\n')
}

if (import.meta.main) {
  const root = join(import.meta.dirname, '..')
  const page = join(root, 'docs/testing.md')
  const exists = (file: string) => existsSync(join(root, file))
  for (const given of process.argv.length > 2 ? process.argv.slice(2) : ['results/mutation/mutation.json']) {
    const report = JSON.parse(await readFile(given, 'utf8')) as MutationReport
    const date = (await stat(given)).mtime.toISOString().slice(0, 10)
    await writeFile(page, withScores(await readFile(page, 'utf8'), { report, date, exists }))
  }
}
