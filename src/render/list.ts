import { basename } from 'node:path'
import type { SkippedFile } from '../analysis/folder.ts'
import type { RunOverview } from '../analysis/overview.ts'
import { oneLine } from './escape.ts'
import { type ListColumn, listLines } from './fit.ts'
import { count, counted, decimal, MISSING, percent, perSecond } from './format.ts'
import { type Page, type Paint, PIPE } from './paint.ts'
import { left, right } from './table.ts'
import { runName, VERDICT_STYLE } from './verdict.ts'
import { cutToColumns, wrapLine } from './width.ts'

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
export function paintVerdict(line: string, { verdict }: Pick<RunOverview, 'verdict'>, paint: Paint): string {
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
