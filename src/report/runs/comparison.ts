import { basename } from 'node:path'
import { PHASES } from '../../figures/smtp.ts'
import type { Spread } from '../../results/change.ts'
import type { Comparison, ComparisonRow, RowVerdict } from '../../results/compare.ts'
import type { RunView } from '../../results/run-view.ts'
import { LATEST } from '../../results/store.ts'
import { left, right } from '../block.ts'
import { oneLine } from '../escape.ts'
import { changeText, figureText, MISSING, relativeText } from '../format.ts'
import { type ListColumn, listLines } from '../table.ts'
import { fieldLines, type Page, PIPE, page, type Style, titleBlock } from '../terminal.ts'
import { runName } from '../verdict.ts'

const WORDS: Readonly<Record<RowVerdict, readonly [word: string, style: Style | undefined]>> = {
  regression: ['REGRESSION', 'red'],
  worse: ['worse', 'yellow'],
  noise: ['within noise', 'dim'],
  same: ['same', 'dim'],
  better: ['better', 'green'],
  unknown: ['no data', 'dim'],
  fact: ['', undefined],
}

const ARROWS = { higher: '↑', lower: '↓', neither: ' ' } as const

const COLUMNS: readonly ListColumn<ComparisonRow>[] = [
  {
    ...left(''),
    rank: 0,
    cell: ({ title, better, limit }) => `  ${title} ${ARROWS[better]}${limit === null ? '' : '*'}`,
  },
  { ...right('A'), rank: 0, cell: ({ before, unit }) => figureText(before.median, unit) },
  { ...left('range'), rank: 2, cell: ({ before, unit }) => rangeText(before, unit) },
  { ...right('B'), rank: 0, cell: ({ after, unit }) => figureText(after.median, unit) },
  { ...left('range'), rank: 2, cell: ({ after, unit }) => rangeText(after, unit) },
  {
    ...right('change'),
    rank: 3,
    cell: ({ change, unit }) => (change ? changeText(change.absolute, unit) : MISSING),
  },
  { ...right('in %'), rank: 1, cell: ({ change }) => relativeText(change) },
  { ...left(''), rank: 0, cell: ({ verdict }) => WORDS[verdict][0] },
]

function rangeText({ min, max, values }: Spread, unit: ComparisonRow['unit']): string {
  return values.length < 2 || min === max ? '' : `${figureText(min, unit)} – ${figureText(max, unit)}`
}

/** Phases have three rows each; one of them is enough to see where time went. */
function isShown({ group, name }: ComparisonRow): boolean {
  return group !== PHASES || name.endsWith('p(95)')
}

/** Two sides beside each other: what makes them incomparable first, then figure by figure, then the verdict. */
export function renderComparison(comparison: Comparison, { paint, width }: Page = PIPE): string {
  const { before, after, cautions } = comparison
  const blocks = [
    titleBlock('Comparison', { paint, width }),
    [
      ...fieldLines([['A, before:', sideText(before.runs)]]),
      ...fieldLines([['B, after:', sideText(after.runs)]]),
    ],
    cautions.map(({ sentence }) => paint('yellow', `! ${oneLine(sentence, 400)}`)),
    ...figureBlocks(comparison, { paint, width }),
    [paint('dim', legend(comparison))],
    verdictLines(comparison, paint),
  ]
  return page(blocks, width)
}

/** latest.json is another run each time. */
function fileText({ file, stamp }: RunView): string {
  const name = basename(file)
  return name === LATEST && stamp !== null ? `${name} of ${stamp}` : name
}

const MOST_FILES = 4

function sideText(runs: readonly RunView[]): string {
  const files = runs.slice(0, MOST_FILES).map(fileText)
  const hidden = runs.length - files.length
  const names = hidden > 0 ? `${files.join(', ')} and ${hidden} more` : files.join(', ')
  const scenarios = [...new Set(runs.map(runName))].join(', ')
  const backends = [...new Set(runs.map(({ backend }) => backend ?? 'backend unknown'))].join(', ')
  return `${names}  (${scenarios}, ${backends})`
}

function figureBlocks({ rows: all, before, after }: Comparison, { paint, width }: Page): string[][] {
  const rows = all.filter(isShown)
  const single = before.runs.length === 1 && after.runs.length === 1
  const columns = single ? COLUMNS.filter(({ title }) => title !== 'range') : COLUMNS
  const [head = '', ...lines] = listLines(columns, rows, width)
  const groups = [...new Set(rows.map(({ group }) => group))]
  return groups.map((group, place) => [
    ...(place === 0 ? [paint('dim', head)] : []),
    paint('bold', group),
    ...rows.flatMap((row, index) => (row.group === group ? [paintWord(lines[index] ?? '', row, paint)] : [])),
  ])
}

function paintWord(line: string, { verdict }: ComparisonRow, paint: Page['paint']): string {
  const [word, style] = WORDS[verdict]
  const at = style === undefined ? -1 : line.lastIndexOf(word)
  return style === undefined || at === -1 ? line : line.slice(0, at) + paint(style, line.slice(at))
}

function legend({ before, after }: Comparison): string {
  const several = before.runs.length + after.runs.length > 2
  return `↑ higher is better, ↓ lower is better, * decides the verdict${several ? '; A and B are medians' : ''}`
}

/** Never cut: a terminal that is too narrow wraps them. */
function verdictLines(comparison: Comparison, paint: Page['paint']): string[] {
  const { rows, verdict, cautions } = comparison
  const alike = cautions.every(({ about }) => about === 'run')
  const but = alike ? '' : ', but A and B were not measured under the same conditions (see above)'
  const decisive = (wanted: RowVerdict) => rows.filter((row) => row.limit !== null && row.verdict === wanted)
  const noise = decisive('noise').map((row) => `  ${sentence(row)}: within noise: ${row.reason}`)
  if (verdict === 'regression') {
    const worse = decisive('regression').map((row) => `  ${sentence(row)}`)
    return [paint('red', `[REGRESSION] B is worse than A${but}:`), ...worse, ...noise]
  }
  const better = decisive('better').length > 0
  const text = better
    ? '[NO REGRESSION] no deciding figure is worse; some are better'
    : '[NO CHANGE] no deciding figure changed by more than its limit'
  return [paint(alike ? 'green' : 'yellow', text + but), ...noise]
}

/** `throughput 1,234/s → 617/s (−50.0 %; limit 10 %)`, `p95 of response time 5.00 ms → 5,000.00 ms (×1,000; …)`. */
function sentence({ title, group, unit, before, after, change, limit }: ComparisonRow): string {
  const floor = limit === null || limit.floor === 0 ? '' : ` and ${figureText(limit.floor, unit)}`
  const allowed =
    limit === null || limit.relative === 0
      ? 'none allowed'
      : `limit ${Math.round(limit.relative * 100)} %${floor}`
  const name = unit === 'ms' ? `${title} of ${group.toLowerCase()}` : title
  return `${name} ${figureText(before.median, unit)} → ${figureText(after.median, unit)} (${relativeText(change)}; ${allowed})`
}
