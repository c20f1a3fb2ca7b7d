import wrapAnsi from 'wrap-ansi'
import { FOREIGN_TEXT_LENGTH } from '../../text/foreign-text.ts'
import {
  type Block,
  blocksFor,
  type Cell,
  type Column,
  capital,
  type Document,
  type Fact,
  type Findings,
  type Head,
  type Part,
  rowsWithin,
  shownIn,
  type Table,
  type Tone,
  textOf,
} from '../block.ts'
import { oneLine } from '../escape.ts'
import { decimal } from '../format.ts'
import { detailedTable, textTable } from '../table.ts'
import {
  fieldLines,
  INDENT,
  indent,
  type Page,
  type Paint,
  PIPE,
  page,
  type Style,
  section,
  titleBlock,
} from '../terminal.ts'
import { VERDICT_STYLE } from '../verdict.ts'

/** A report as a person reads it in a terminal: from its end, where what decides stands. */
export function writeText({ head, body, conclusion }: Document, { paint, width }: Page = PIPE): string {
  const inner: Page = { paint, width: width === undefined ? undefined : width - INDENT }
  const sections = [...blocksFor('text', body), ...blocksFor('text', conclusion).toReversed()]
  const blocks = [
    titleBlock(oneLine(`${head.stamp}  ${head.name}`), { paint, width }),
    fieldLines(fieldsOf(shownIn('text', head.facts))),
    ...sections.map((block) => blockLines(block, inner)),
    [statusLine(head, paint)],
  ]
  return page(blocks, width)
}

function statusLine({ verdict, name, reason }: Head, paint: Paint): string {
  if (verdict === undefined) return `${oneLine(name)}: ${oneLine(reason, 1000)}`
  return `${paint(VERDICT_STYLE[verdict], `[${verdict}]`)} ${oneLine(name)}: ${oneLine(reason, 1000)}`
}

function blockLines({ title, parts, note }: Block, inner: Page): readonly string[] {
  if (title === '') return parts.flatMap((part) => partLines(part, inner))
  const lines = parts.flatMap((part) =>
    // The values of all facts stand below each other, those of titled blocks too.
    part.kind === 'facts'
      ? fieldLines(fieldsOf(part.facts), ' '.repeat(INDENT))
      : indent(partLines(part, inner)),
  )
  return section(`${title}:`, [...lines, ...indent(noteLines(note, inner.width))], inner.paint)
}

/** What one reads without turning the head. */
const NOTE_WIDTH = 90
const MOST_NOTE = 800

function noteLines(note: string | undefined, width = NOTE_WIDTH): string[] {
  if (note === undefined || note === '') return []
  return wrapAnsi(oneLine(note, MOST_NOTE), Math.min(width, NOTE_WIDTH)).split('\n')
}

function partLines(part: Part, page: Page): string[] {
  switch (part.kind) {
    case 'facts':
      return fieldLines(fieldsOf(part.facts))
    case 'table':
      return tableLines(part, page)
    case 'remarks':
      return part.remarks.map(({ text, tone }) => painted(oneLine(text, 1000), tone, page.paint))
    case 'findings':
      return findingLines(part, page.paint)
    case 'events':
      return part.events.map(
        ({ at_seconds, what }) => `${decimal(at_seconds, 1).padStart(6)} s  ${oneLine(what, 300)}`,
      )
    // What stands there in words too.
    case 'cards':
    case 'charts':
      return []
    case 'calm':
      return [oneLine(part.text)]
    default:
      return part satisfies never
  }
}

function fieldsOf(facts: readonly Fact[]): (readonly [label: string, value: string])[] {
  return facts.map(({ label, value }, index) => [label === facts[index - 1]?.label ? '' : `${label}:`, value])
}

function findingLines({ findings }: Findings, paint: Paint): string[] {
  return findings.flatMap(({ title, grade, tone, facts }) => [
    `${painted(grade, tone, paint)}  ${oneLine(title)}`,
    ...facts.map(({ label, value }) => `  ${label.toLowerCase().padEnd(8)}  ${oneLine(value, 600)}`),
  ])
}

/** Of a table that may be long; all of it is in the JSON. */
const MOST_ROWS = 10

function tableLines(table: Table, page: Page): string[] {
  if (table.upright) return uprightLines(table)
  const columns = table.columns.map((column) => ({ ...column, title: column.short ?? column.title }))
  const { shown, hidden } = rowsWithin(table, MOST_ROWS)
  const write = (cells: readonly Cell[]) =>
    cells.map((cell, index) => cellText(cell, columns[index], page.paint))
  const rows = shown.map(write)
  const more = hidden === '' ? [] : [`… and ${hidden}, see the JSON`]
  const last = columns.at(-1)
  if (last?.long !== true) return [...textTable(columns, rows, page.width), ...more]
  const detailed = detailedTable(
    columns.slice(0, -1),
    rows.map((cells) => ({ cells: cells.slice(0, -1), detail: cells.at(-1) ?? '' })),
    last.title,
    page.width,
  )
  return [...detailed.titles, ...detailed.rows.flat(), ...more]
}

const TITLE_WIDTH = 18

/** Columns become lines: what has few rows and many columns. */
function uprightLines({ columns: [first, ...others], rows }: Table): string[] {
  const names = rows.map(([name]) => ({ title: oneLine(textOf(name ?? '')), align: 'right' as const }))
  return textTable(
    [{ title: first?.title ?? '', align: 'left' }, ...names],
    others.map(({ title }, index) => [
      `${capital(title)}:`.padEnd(TITLE_WIDTH),
      ...rows.map((cells) => oneLine(textOf(cells[index + 1] ?? ''))),
    ]),
  )
}

function cellText(cell: Cell, column: Column | undefined, paint: Paint): string {
  const most = column?.most ?? (column?.long ? FOREIGN_TEXT_LENGTH : undefined)
  const text = oneLine(textOf(cell), most)
  if (typeof cell === 'string') return text
  const { tone, judged, mark } = cell
  if (mark !== undefined) return `${painted(mark.sign, tone, paint)} ${text}`.trimEnd()
  if (text === '') return text
  return painted(judged && tone === 'bad' ? text.toUpperCase() : text, tone, paint)
}

const STYLES: Readonly<Record<Tone, Style>> = { good: 'green', bad: 'red', warn: 'yellow', dim: 'dim' }

function painted(text: string, tone: Tone | undefined, paint: Paint): string {
  return tone === undefined ? text : paint(STYLES[tone], text)
}
