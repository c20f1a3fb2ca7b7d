import { figureValue } from '../../figures/figure.ts'
import type { AnyResult } from '../../pressure/result.ts'
import { kindOf } from '../../results/kinds.ts'
import { left, right } from '../block.ts'
import { oneLine } from '../escape.ts'
import { count, counted, decimal, MISSING, percent, perSecond } from '../format.ts'
import { type ListColumn, listLines } from '../table.ts'
import { columnsOf, type Page, PIPE, wrapLine } from '../terminal.ts'
import { runName, VERDICT_STYLE } from '../verdict.ts'

export const SUMMARY_COLUMNS = [
  left('Scenario'),
  right('Messages'),
  right('Success'),
  right('Throughput'),
  right('p50 ms'),
  right('p99 ms'),
  right('max ms'),
  right('Lost'),
  right('Dup'),
  left('Verdict'),
]

/** Which of them a narrow terminal goes without first: each run's own figures stand above the table. */
const RANKS = [0, 1, 2, 3, 6, 4, 7, 5, 5, 0]

const TERMINAL_COLUMNS: readonly ListColumn<AnyResult>[] = SUMMARY_COLUMNS.map((column, index) => ({
  ...column,
  rank: RANKS[index] ?? 0,
  cell: (result) => summaryCells(result)[index] ?? '',
}))

/** The cells of one run of any kind, in the order of SUMMARY_COLUMNS. */
export function summaryCells(result: AnyResult): string[] {
  const figures = kindOf(result.format).figures()
  const of = (name: string) => {
    const figure = figures.named(name)
    return typeof figure === 'object' ? figureValue(figure, result) : null
  }
  return [
    oneLine(runName(result), 40),
    count(of('total_messages')),
    of('total_messages') === 0 ? MISSING : percent(of('success_rate')),
    perSecond(of('throughput')),
    ...['p(50)', 'p(99)', 'max'].map((name) => decimal(of(name), 2)),
    count(of('lost')),
    count(of('duplicated')),
    verdictCell(result),
  ]
}

function verdictCell({ status, verdict }: AnyResult): string {
  return status === 'partial' ? `${verdict} (partial)` : verdict
}

/** The table at the end of a run over all its scenarios; empty when nothing ran. */
export function renderSummary(results: readonly AnyResult[], { paint, width }: Page = PIPE): string {
  if (results.length === 0) return ''
  const [title = '', ...lines] = listLines(TERMINAL_COLUMNS, results, width)
  const rule = '-'.repeat([title, ...lines].reduce((most, line) => Math.max(most, columnsOf(line)), 0))
  const painted = results.map(({ verdict }, index) => {
    const line = lines[index] ?? ''
    const at = line.lastIndexOf(verdict)
    return line.slice(0, at) + paint(VERDICT_STYLE[verdict], line.slice(at))
  })
  return `${[rule, paint('bold', title), rule, ...painted, rule, ...backendNote(results).flatMap((note) => wrapLine(note, width))].join('\n')}\n`
}

/** Figures of different backends are never put side by side without saying so (DESIGN.md, decision 4). */
function backendNote(results: readonly AnyResult[]): string[] {
  const backends = [...new Set(results.map(({ backend }) => backend.name))]
  if (backends.length < 2) return []
  return [
    `Not comparable with each other: ${counted(backends.length, 'backend')} (${oneLine(backends.join(', '))})`,
  ]
}
