import type { RunOverview } from '../analysis/overview.ts'
import type { Spread } from '../analysis/spread.ts'
import type { ScenarioSummary } from '../analysis/summary.ts'
import { oneLine } from './escape.ts'
import { type ListColumn, listLines } from './fit.ts'
import { count, counted, decimal, MISSING, percent, perSecond, signedPercent } from './format.ts'
import { paintVerdict, verdictWords } from './list.ts'
import { type Page, PIPE } from './paint.ts'
import { left, right } from './table.ts'
import { runName } from './verdict.ts'
import { wrapLine } from './width.ts'

const COLUMNS: readonly ListColumn<ScenarioSummary>[] = [
  { ...left('Scenario'), rank: 0, cell: (row) => oneLine(runName(row), 40) },
  { ...left('Backend'), rank: 1, cell: ({ backend }) => oneLine(backend ?? MISSING, 12) },
  { ...right('Runs'), rank: 1, cell: ({ runs }) => count(runs) },
  { ...right('Passed'), rank: 7, cell: ({ passed }) => count(passed) },
  { ...right('Failed'), rank: 2, cell: ({ failed }) => count(failed) },
  { ...right('Messages'), rank: 6, cell: (row) => count(row.total_messages) },
  { ...right('Success, worst'), rank: 3, cell: ({ success_rate: rate }) => percent(rate.min) },
  { ...right('Throughput, median'), rank: 2, cell: (row) => perSecond(row.messages_per_second.median) },
  { ...right('range'), rank: 9, cell: (row) => range(row.messages_per_second, 0) },
  { ...right('p99 ms, median'), rank: 3, cell: ({ p99_ms: p99 }) => decimal(p99.median, 2) },
  { ...right('range'), rank: 10, cell: ({ p99_ms: p99 }) => range(p99, 1) },
  { ...right('Lost'), rank: 4, cell: ({ lost }) => count(lost) },
  { ...right('Change'), rank: 8, cell: (row) => signedPercent(row.latest_change) },
  { ...left('Newest'), rank: 0, cell: ({ latest }) => verdictWords(latest) },
]

/** All runs of a folder, a row to each scenario. */
export function renderScenarioSummary(
  folder: string,
  rows: readonly ScenarioSummary[],
  { paint, width }: Page = PIPE,
): string {
  if (rows.length === 0) return `No results in ${oneLine(folder)}.\n`
  const [title = '', ...lines] = listLines(COLUMNS, rows, width)
  const painted = rows.map(({ latest }, index) => paintVerdict(lines[index] ?? '', latest, paint))
  const blocks = [
    ...wrapLine(headline(folder, rows, paint), width),
    '',
    paint('dim', title),
    ...painted,
    '',
    ...[...(title.includes(' Change ') ? [CHANGE_NOTE] : []), ...totals(rows)].flatMap((note) =>
      wrapLine(note, width),
    ),
  ]
  return `${blocks.join('\n')}\n`
}

const CHANGE_NOTE = 'Change: throughput of the newest run against the median of those before it.'

function headline(folder: string, rows: readonly ScenarioSummary[], paint: Page['paint']): string {
  const runs = rows.reduce((sum, row) => sum + row.runs, 0)
  const days = rows.map(({ latest }) => dayOf(latest)).filter((day) => day !== undefined)
  const last = days.toSorted().at(-1)
  const until = last === undefined ? '' : `, the newest of ${last}`
  return paint(
    'bold',
    `${counted(runs, 'run')} of ${counted(rows.length, 'scenario')} in ${oneLine(folder)}${until}`,
  )
}

function dayOf({ stamp }: RunOverview): string | undefined {
  const [, year, month, day] = /^(\d{4})(\d\d)(\d\d)-/.exec(stamp ?? '') ?? []
  return year === undefined ? undefined : `${year}-${month}-${day}`
}

function totals(rows: readonly ScenarioSummary[]): string[] {
  const sum = (of: (row: ScenarioSummary) => number) => rows.reduce((total, row) => total + of(row), 0)
  const parts = [
    `${count(sum((row) => row.passed))} passed`,
    `${counted(
      sum((row) => row.warning),
      'warning',
    )}`,
    `${count(sum((row) => row.failed))} failed`,
  ]
  const partial = sum((row) => row.partial)
  if (partial > 0) parts.push(`${count(partial)} of them partial`)
  return [`In all: ${parts.join(', ')}.`]
}

/** `1,100–1,310`; empty for one run. */
function range({ min, max, values }: Spread, digits: number): string {
  if (min === null || max === null) return MISSING
  return values.length < 2 || min === max ? '' : `${decimal(min, digits)}–${decimal(max, digits)}`
}
