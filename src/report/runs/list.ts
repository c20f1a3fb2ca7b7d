import { basename } from 'node:path'
import { figureValue } from '../../figures/figure.ts'
import type { AnyResult } from '../../pressure/result.ts'
import type { Spread } from '../../results/change.ts'
import { kindOf } from '../../results/kinds.ts'
import type { RunOverview } from '../../results/overview.ts'
import type { SkippedFile } from '../../results/result-files.ts'
import type { ScenarioSummary } from '../../results/summary.ts'
import { left, right } from '../block.ts'
import { oneLine } from '../escape.ts'
import { count, counted, decimal, MISSING, percent, perSecond, signedPercent } from '../format.ts'
import { type ListColumn, listLines } from '../table.ts'
import { columnsOf, cutToColumns, type Page, type Paint, PIPE, wrapLine } from '../terminal.ts'
import { runName, VERDICT_STYLE } from '../verdict.ts'

const LIST_COLUMNS: readonly ListColumn<RunOverview>[] = [
  { ...left('File'), rank: 0, cell: ({ file }) => oneLine(basename(file), 60) },
  { ...left('Scenario'), rank: 7, cell: (run) => oneLine(runName(run), 40) },
  { ...left('Backend'), rank: 8, cell: ({ backend }) => oneLine(backend ?? MISSING, 12) },
  { ...right('Messages'), rank: 4, cell: ({ total_messages: total }) => count(total) },
  { ...right('Success'), rank: 1, cell: ({ success_rate: rate }) => percent(rate) },
  { ...right('Throughput'), rank: 2, cell: (run) => perSecond(run.messages_per_second) },
  { ...right('p50 ms'), rank: 6, cell: ({ latency_ms: { p50 } }) => decimal(p50, 2) },
  { ...right('p99 ms'), rank: 3, cell: ({ latency_ms: { p99 } }) => decimal(p99, 2) },
  { ...right('max ms'), rank: 9, cell: ({ latency_ms: { max } }) => decimal(max, 2) },
  { ...right('Lost'), rank: 5, cell: ({ lost }) => count(lost) },
  { ...left('Verdict'), rank: 0, cell: verdictWords },
]

export function verdictWords({ verdict, status }: Pick<RunOverview, 'verdict' | 'status'>): string {
  return status === 'partial' ? `${verdict ?? MISSING} (partial)` : (verdict ?? MISSING)
}

/** Every run of a folder, the oldest first. */
export function renderList(
  folder: string,
  runs: readonly RunOverview[],
  { paint, width }: Page = PIPE,
): string {
  if (runs.length === 0) return `No results in ${oneLine(folder)}.\n`
  const [title = '', ...lines] = listLines(LIST_COLUMNS, runs, width)
  const head = paint('bold', `${counted(runs.length, 'run')} in ${oneLine(folder)}`)
  const painted = runs.map((run, index) => paintVerdict(lines[index] ?? '', run, paint))
  return `${[...wrapLine(head, width), '', paint('dim', title), ...painted].join('\n')}\n`
}

/** Colours the verdict's word at the end of a line. */
function paintVerdict(line: string, { verdict }: Pick<RunOverview, 'verdict'>, paint: Paint): string {
  const at = verdict === null ? -1 : line.lastIndexOf(verdict)
  if (verdict === null || at === -1) return line
  return line.slice(0, at) + paint(VERDICT_STYLE[verdict], line.slice(at))
}

const MOST_SKIPPED = 10

/** For stderr: what was passed over, so that nobody misses a run without knowing. Empty when nothing was. */
export function renderSkipped(skipped: readonly SkippedFile[], { paint, width }: Page = PIPE): string {
  if (skipped.length === 0) return ''
  const shown = skipped
    .slice(0, MOST_SKIPPED)
    .map(({ file, why }) => cutToColumns(`  ${oneLine(basename(file), 60)}: ${oneLine(why)}`, width))
  const hidden = skipped.length - shown.length
  return `${[
    paint('yellow', `Skipped ${counted(skipped.length, 'file')}:`),
    ...shown,
    ...(hidden > 0 ? [`  … and ${count(hidden)} more`] : []),
  ].join('\n')}\n`
}

const COLUMNS: readonly ListColumn<ScenarioSummary>[] = [
  { ...left('Scenario'), rank: 0, cell: (row) => oneLine(runName(row), 40) },
  { ...left('Backend'), rank: 1, cell: ({ backend }) => oneLine(backend ?? MISSING, 12) },
  { ...right('Runs'), rank: 1, cell: ({ runs }) => count(runs) },
  { ...right('Passed'), rank: 7, cell: ({ passed }) => count(passed) },
  { ...right('Failed'), rank: 2, cell: ({ failed }) => count(failed) },
  { ...right('Messages'), rank: 6, cell: (row) => count(row.total_messages) },
  { ...right('Success, min'), rank: 3, cell: ({ success_rate: rate }) => percent(rate.min) },
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

const CHANGE_NOTE = 'Change: throughput of the newest run against the median of the earlier ones.'

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
  return [`Total: ${parts.join(', ')}.`]
}

/** `1,100–1,310`; empty for one run. */
function range({ min, max, values }: Spread, digits: number): string {
  if (min === null || max === null) return MISSING
  return values.length < 2 || min === max ? '' : `${decimal(min, digits)}–${decimal(max, digits)}`
}

/** A narrow terminal goes without those of a high rank: each run's own figures stand above the table. */
const SUMMARY_COLUMNS: readonly ListColumn<AnyResult>[] = [
  { ...left('Scenario'), rank: 0, cell: (result) => oneLine(runName(result), 40) },
  { ...right('Messages'), rank: 1, cell: (result) => count(figureOf(result, 'total_messages')) },
  {
    ...right('Success'),
    rank: 2,
    cell: (result) =>
      figureOf(result, 'total_messages') === 0 ? MISSING : percent(figureOf(result, 'success_rate')),
  },
  { ...right('Throughput'), rank: 3, cell: (result) => perSecond(figureOf(result, 'throughput')) },
  { ...right('p50 ms'), rank: 6, cell: (result) => decimal(figureOf(result, 'p(50)'), 2) },
  { ...right('p99 ms'), rank: 4, cell: (result) => decimal(figureOf(result, 'p(99)'), 2) },
  { ...right('max ms'), rank: 7, cell: (result) => decimal(figureOf(result, 'max'), 2) },
  { ...right('Lost'), rank: 5, cell: (result) => count(figureOf(result, 'lost')) },
  { ...right('Dup'), rank: 5, cell: (result) => count(figureOf(result, 'duplicated')) },
  { ...left('Verdict'), rank: 0, cell: verdictWords },
]

/** A figure of a run of any kind, by the name that thresholds have for it. */
function figureOf(result: AnyResult, name: string): number | null {
  const figure = kindOf(result.format).figures().named(name)
  return typeof figure === 'object' ? figureValue(figure, result) : null
}

/** The table at the end of a run over all its scenarios; empty when nothing ran. */
export function renderSummary(results: readonly AnyResult[], { paint, width }: Page = PIPE): string {
  if (results.length === 0) return ''
  const [title = '', ...lines] = listLines(SUMMARY_COLUMNS, results, width)
  const rule = '-'.repeat([title, ...lines].reduce((most, line) => Math.max(most, columnsOf(line)), 0))
  const painted = results.map((result, index) => paintVerdict(lines[index] ?? '', result, paint))
  return `${[rule, paint('bold', title), rule, ...painted, rule, ...backendNote(results).flatMap((note) => wrapLine(note, width))].join('\n')}\n`
}

/** Figures of different backends are never put side by side without saying so. */
function backendNote(results: readonly AnyResult[]): string[] {
  const backends = [...new Set(results.map(({ backend }) => backend.name))]
  if (backends.length < 2) return []
  return [`Not comparable: ${counted(backends.length, 'backend')} (${oneLine(backends.join(', '))})`]
}
