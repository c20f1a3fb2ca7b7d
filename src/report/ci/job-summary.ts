import type { ThresholdResult } from '../../engine/result.ts'
import { isMissed } from '../../figures/threshold.ts'
import type { RunView } from '../../results/run-view.ts'
import { left, right } from '../block.ts'
import { markdownText } from '../escape.ts'
import { count, counted, decimal, MISSING, percent, perSecond } from '../format.ts'
import { markdownTable } from '../table.ts'
import { runName, thresholdFigures, VERDICT_SIGNS } from '../verdict.ts'

/** One run of the summary. */
export interface SummarisedRun {
  readonly view: RunView
  readonly thresholds: readonly ThresholdResult[]
  /** Everything that is known of it, as Markdown; folded. */
  readonly details: string
}

/** GitHub drops a step's whole summary when it is over 1 MiB; some of that is left for other tools. */
export const MOST_SUMMARY_BYTES = 900 * 1024

/**
 * What a job has to say, most important first: a sentence, the table of verdicts, missed thresholds with
 * value and limit, and folded below them the details of each run, as many as fit.
 */
export function renderJobSummary(runs: readonly SummarisedRun[], mostBytes = MOST_SUMMARY_BYTES): string {
  const head = ['# mailstorm', sentence(runs), verdictTable(runs), missedTable(runs)]
    .filter((block) => block !== '')
    .join('\n\n')
  return `${head}\n\n${foldedDetails(runs, mostBytes - Buffer.byteLength(head))}`
}

function sentence(runs: readonly SummarisedRun[]): string {
  const failed = runs.filter(({ view }) => view.verdict === 'FAILED').length
  const warned = runs.filter(({ view }) => view.verdict === 'WARNING').length
  if (failed > 0) return `${VERDICT_SIGNS.FAILED} **${failed} of ${counted(runs.length, 'run')} failed.**`
  if (warned > 0)
    return `${VERDICT_SIGNS.WARNING} **${warned} of ${counted(runs.length, 'run')} passed with errors.**`
  return `${VERDICT_SIGNS.PASSED} **${runs.length === 1 ? 'The run passed' : `All ${runs.length} runs passed`}.**`
}

const VERDICT_COLUMNS = [
  left('Verdict'),
  left('Scenario'),
  right('Messages'),
  right('Success'),
  right('Throughput'),
  right('p50 ms'),
  right('p95 ms'),
  right('p99 ms'),
  right('Lost'),
  right('Dup'),
  left('Backend'),
]

function verdictTable(runs: readonly SummarisedRun[]): string {
  return markdownTable(
    VERDICT_COLUMNS,
    runs.map(({ view }) => [
      verdictWords(view),
      name(view),
      count(view.total_messages),
      percent(view.success_rate),
      perSecond(view.messages_per_second),
      ...[view.latency_ms.p50, view.latency_ms.p95, view.latency_ms.p99].map((ms) => decimal(ms, 2)),
      count(view.lost),
      count(view.duplicated),
      markdownText(view.backend ?? MISSING),
    ]),
  )
}

function verdictWords({ verdict, status }: RunView): string {
  const words = verdict === null ? MISSING : `${VERDICT_SIGNS[verdict]} ${verdict}`
  return status === 'partial' ? `${words} (partial)` : words
}

function name(view: RunView): string {
  return markdownText(runName(view), 80)
}

function missedTable(runs: readonly SummarisedRun[]): string {
  const rows = runs.flatMap(({ view, thresholds }) =>
    thresholds.filter(isMissed).map((threshold) => {
      const { value, limit } = thresholdFigures(threshold)
      const why = threshold.reason === undefined ? 'no data' : `no data: ${threshold.reason}`
      const was = threshold.verdict === 'no-data' ? why : value
      return [name(view), markdownText(threshold.expression), markdownText(was), limit]
    }),
  )
  if (rows.length === 0) return ''
  const columns = [left('Scenario'), left('Missed threshold'), right('Value'), right('Limit')]
  return markdownTable(columns, rows)
}

/** Those of failed runs first in line for what room there is; shown in the order of the runs. */
function foldedDetails(runs: readonly SummarisedRun[], mostBytes: number): string {
  const blocks = runs.map(({ view, details }, place) => ({
    place,
    failed: view.verdict === 'FAILED',
    text: `<details><summary>${verdictWords(view)} ${name(view)}</summary>\n\n${details}\n</details>\n`,
  }))
  const note =
    '\nThe details of some runs are too long for a job summary: see the results that were written.\n'
  let room = mostBytes - Buffer.byteLength(note)
  const fitting = new Set<number>()
  for (const { place, text } of blocks.toSorted((a, b) => Number(b.failed) - Number(a.failed))) {
    const bytes = Buffer.byteLength(text) + 1
    if (bytes > room) continue
    room -= bytes
    fitting.add(place)
  }
  const shown = blocks.filter(({ place }) => fitting.has(place)).map(({ text }) => text)
  return shown.join('\n') + (shown.length === blocks.length ? '' : note)
}
