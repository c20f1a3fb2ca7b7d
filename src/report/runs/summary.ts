import type { Result } from '../../engine/result.ts'
import { type AnyResult, isPressure, type PressureResult } from '../../pressure/result.ts'
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

/** The cells of one run, in the order of SUMMARY_COLUMNS. */
export function summaryCells(result: AnyResult): string[] {
  return isPressure(result) ? pressureCells(result) : loadCells(result)
}

function loadCells(result: Result): string[] {
  const { metrics, ledger } = result
  const { p50, p99, max } = metrics.response_time_ms
  return [
    oneLine(runName(result), 40),
    count(metrics.total_messages),
    metrics.total_messages === 0 ? MISSING : percent(metrics.success_rate),
    perSecond(metrics.throughput),
    decimal(p50, 2),
    decimal(p99, 2),
    decimal(max, 2),
    count(ledger.verified ? ledger.lost : null),
    count(ledger.verified ? ledger.duplicated : null),
    verdictCell(result),
  ]
}

/** Times from hand-over to sink. */
function pressureCells(result: PressureResult): string[] {
  const { metrics, verification } = result
  const { p50, p99, max } = metrics.end_to_end_ms
  return [
    oneLine(runName(result), 40),
    count(metrics.total_messages),
    metrics.total_messages === 0 ? MISSING : percent(metrics.success_rate),
    perSecond(metrics.messages_per_second),
    ...[p50, p99, max].map((ms) => decimal(ms, 2)),
    count(verification.lost),
    count(verification.duplicated),
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
