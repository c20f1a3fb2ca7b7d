import {
  type Block,
  blocksFor,
  type Cell,
  type Column,
  capital,
  type Document,
  type Fact,
  type Head,
  type Part,
  rowsWithin,
  shownIn,
  type Table,
  textOf,
} from '../block.ts'
import { markdownText } from '../escape.ts'
import { decimal } from '../format.ts'
import { markdownTable } from '../table.ts'
import { VERDICT_SIGNS } from '../verdict.ts'

/** A report that reads well as a file, in a pull request and in a GitHub job summary. */
export function writeMarkdown({ head, conclusion, body }: Document): string {
  const parts = [
    `## ${titleOf(head)}`,
    markdownText(head.reason, 1000),
    ...blocksFor('markdown', conclusion).map(blockBody),
    details('Run', factList(shownIn('markdown', head.facts))),
    ...blocksFor('markdown', body).map((block) =>
      block.folded ? details(block.title, blockBody(block)) : `### ${block.title}\n\n${blockBody(block)}`,
    ),
  ]
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`
}

function titleOf({ name, stamp, verdict }: Head): string {
  if (verdict === undefined) return `${markdownText(name)}, ${markdownText(stamp)}`
  return `${VERDICT_SIGNS[verdict]} ${markdownText(name)}: ${verdict}`
}

function details(title: string, body: string): string {
  // The empty lines make GitHub read Markdown inside HTML again (GFM, HTML blocks, condition 6).
  return `<details><summary>${markdownText(title)}</summary>\n\n${body}\n\n</details>`
}

const MOST_NOTE = 800

function blockBody({ parts, note }: Block): string {
  return [...parts.map(partMarkdown), markdownText(note ?? '', MOST_NOTE)]
    .filter((text) => text !== '')
    .join('\n\n')
}

function partMarkdown(part: Part): string {
  switch (part.kind) {
    case 'facts':
      return factList(part.facts)
    case 'table':
      return tableMarkdown(part)
    case 'cards':
      return cardsTable(part.rows.flat())
    case 'remarks':
      return part.remarks
        .map(({ text, tone }) => `> ${tone === 'warn' ? '⚠️ ' : ''}${markdownText(text, 1000)}`)
        .join('\n>\n')
    case 'findings':
      return list(
        part.findings.map(({ title, facts }) => {
          const [evidence, ...others] = facts
          const rest = others.map(({ label, value }) => `${markdownText(label)}: ${sentence(value)}`)
          return [`**${markdownText(title)}**: ${sentence(evidence?.value ?? '')}`, ...rest].join(' ')
        }),
      )
    case 'events':
      return list(
        part.events.map(({ at_seconds, what }) => `${decimal(at_seconds, 1)} s: ${markdownText(what, 300)}`),
      )
    // Markdown draws nothing.
    case 'charts':
      return ''
    case 'calm':
      return markdownText(part.text)
    default:
      return part satisfies never
  }
}

function sentence(text: string): string {
  return `${markdownText(text, 600).replace(/\.$/, '')}.`
}

function list(lines: readonly string[]): string {
  return lines.map((line) => `- ${line}`).join('\n')
}

function factList(facts: readonly Fact[]): string {
  return list(facts.map(({ label, value }) => `${markdownText(label)}: ${markdownText(value, 1000)}`))
}

function cardsTable(cards: readonly { readonly label: string; readonly value: string }[]): string {
  return markdownTable(
    cards.map(({ label }) => ({ title: markdownText(label), align: 'right' })),
    [cards.map(({ value }) => markdownText(value))],
  )
}

/** Of a table that may be long; all of it is in the JSON. */
const MOST_ROWS = 30

function tableMarkdown(table: Table): string {
  const { shown, hidden } = rowsWithin(table, MOST_ROWS)
  const columns = table.columns.map(({ title, align }) => ({ title: markdownText(capital(title)), align }))
  const rows = shown.map((cells) => cells.map((cell, index) => cellMarkdown(cell, table.columns[index])))
  const lines = markdownTable(columns, rows)
  return hidden === '' ? lines : `${lines}\n\n${hidden} are in the JSON.`
}

const MOST_TEXT = 800

function cellMarkdown(cell: Cell, column: Column | undefined): string {
  const most = column?.most ?? (column?.long ? MOST_TEXT : undefined)
  const text = markdownText(textOf(cell), most)
  if (typeof cell === 'string') return text
  const { sign = cell.mark?.sign, more } = cell
  const behind = more === undefined || more === '' ? '' : ` (${markdownText(more)})`
  return `${sign === undefined ? '' : `${sign} `}${text}${behind}`.trim()
}
