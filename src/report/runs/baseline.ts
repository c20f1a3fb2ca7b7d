import { basename } from 'node:path'
import type { Baseline } from '../../results/baseline.ts'
import { spreadOf } from '../../results/change.ts'
import { figuresFor } from '../../results/overview.ts'
import type { SkippedFile } from '../../results/result-files.ts'
import type { RunView } from '../../results/run-view.ts'
import { left, right } from '../block.ts'
import { oneLine } from '../escape.ts'
import { count, counted, decimal, figureText, MISSING, perSecond } from '../format.ts'
import { type ListColumn, listLines } from '../table.ts'
import { fieldLines, type Page, PIPE, page, titleBlock, wrapLine } from '../terminal.ts'
import { runName } from '../verdict.ts'
import { renderSkipped } from './list.ts'

type Shown = Omit<Baseline, 'format'>

const DECIDING = ['throughput', 'success_rate', 'p(50)', 'p(95)', 'p(99)', 'lost', 'duplicated', 'corrupted']

/** What later runs are held against: the figures that decide, and where they were measured. */
export function renderBaseline(
  { name, saved_at: savedAt, runs }: Shown,
  { paint, width }: Page = PIPE,
): string {
  const [first] = runs
  if (first === undefined) return ''
  const figures = figuresFor(first).filter((figure) => DECIDING.includes(figure.name))
  const blocks = [
    titleBlock(`Baseline ${name}`, { paint, width }),
    fieldLines([
      ['Scenario:', oneLine(runName(first))],
      ['Saved:', savedAt],
      ['Runs:', runs.map(({ file }) => basename(file)).join(', ')],
      ['Backend:', oneLine(first.backend ?? MISSING, 40)],
      ['Machine:', factsText(first.circumstances.machine)],
      ['Workload:', factsText(first.circumstances.workload)],
    ]),
    fieldLines(figures.map((figure) => [`${labelOf(figure)}:`, figureOf(runs, figure)] as const)),
  ]
  return page(blocks, width)
}

function labelOf({ group, title, unit }: ReturnType<typeof figuresFor>[number]): string {
  return unit === 'ms' ? `${group} ${title}`.slice(0, 17) : `${title[0]?.toUpperCase()}${title.slice(1)}`
}

function figureOf(runs: readonly RunView[], { name, unit }: ReturnType<typeof figuresFor>[number]): string {
  const { median, min, max } = spreadOf(runs.map(({ figures }) => figures[name] ?? null))
  const text = figureText(median, unit)
  return runs.length === 1 || min === max
    ? text
    : `${text} (${figureText(min, unit)} – ${figureText(max, unit)})`
}

function factsText(facts: Readonly<Record<string, string | number | null>>): string {
  const known = Object.entries(facts).filter(([, value]) => value !== null)
  if (known.length === 0) return MISSING
  return oneLine(known.map(([name, value]) => `${name} ${value}`).join(', '), 400)
}

const COLUMNS: readonly ListColumn<Baseline>[] = [
  { ...left('Baseline'), rank: 0, cell: ({ name }) => oneLine(name, 40) },
  {
    ...left('Scenario'),
    rank: 2,
    cell: ({ runs: [run] }) => (run === undefined ? MISSING : oneLine(runName(run), 40)),
  },
  { ...left('Backend'), rank: 3, cell: ({ runs: [run] }) => run?.backend ?? MISSING },
  { ...right('Runs'), rank: 1, cell: ({ runs }) => count(runs.length) },
  {
    ...right('Throughput'),
    rank: 0,
    cell: ({ runs }) => perSecond(spreadOf(runs.map((run) => run.messages_per_second)).median),
  },
  {
    ...right('p95 ms'),
    rank: 0,
    cell: ({ runs }) => decimal(spreadOf(runs.map((run) => run.latency_ms.p95)).median, 2),
  },
  { ...left('Saved'), rank: 4, cell: ({ saved_at: at }) => at.slice(0, 16).replace('T', ' ') },
]

export function renderBaselineList(
  baselines: readonly Baseline[],
  skipped: readonly SkippedFile[],
  { paint, width }: Page = PIPE,
): string {
  const notes = renderSkipped(skipped, { paint, width })
  if (baselines.length === 0) return `No baselines in baselines/.\n${notes}`
  const [title = '', ...lines] = listLines(COLUMNS, baselines, width)
  const head = paint('bold', `${counted(baselines.length, 'baseline')} in baselines/`)
  return `${[...wrapLine(head, width), '', paint('dim', title), ...lines].join('\n')}\n${notes}`
}
