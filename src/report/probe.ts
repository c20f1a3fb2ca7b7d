import type { ProbeReport, ProbeResult, ProbeRow, ProbeVerdict } from '../probe/report.ts'
import { left } from './block.ts'
import { markdownText, oneLine } from './escape.ts'
import { markdownTable } from './table.ts'
import { type Page, type Paint, PIPE, page, type Style, titleBlock } from './terminal.ts'

/** One sign for each verdict, with its colour in a terminal. */
export const PROBE_SIGNS: Readonly<Record<ProbeVerdict, { readonly sign: string; readonly style: Style }>> = {
  conforms: { sign: '✓', style: 'green' },
  deviates: { sign: '✗', style: 'red' },
  'not offered': { sign: '–', style: 'dim' },
  unknown: { sign: '?', style: 'yellow' },
}

/** What of a row has to be told beside its verdict: the note, or what came. */
export function remarkOf({ note, came, verdict }: ProbeRow): string {
  return note !== '' || verdict === 'conforms' ? note : came
}

/** `44 conform, 2 deviate, 2 not offered, 3 unknown`. */
export function countsSentence(counts: Readonly<Record<ProbeVerdict, number>>): string {
  const { conforms, deviates, unknown } = counts
  return `${conforms} conform, ${deviates} deviate, ${counts['not offered']} not offered, ${unknown} unknown`
}

const REMARK_COLUMNS = 70

/** What one server really does, as a person reads it in a terminal. */
export function renderProbeText(report: ProbeReport, { paint, width }: Page = PIPE): string {
  const { target, stamp, counts, rows, remarks = [] } = report
  const titleColumns = Math.max(...rows.map(({ title }) => Math.min(title.length, 50)))
  const deviations = rows.filter(({ verdict }) => verdict === 'deviates')
  const blocks = [
    titleBlock(oneLine(`${stamp}  probe of ${target}`), { paint, width }),
    [`Extensions: ${oneLine(report.extensions.join(', ') || 'none', 500)}`],
    rows.map((row) => rowLine(row, titleColumns, paint)),
    deviations.flatMap((row) => deviationLines(row, paint)),
    remarks.map((remark) => paint('yellow', oneLine(remark))),
    [`${oneLine(target)}: ${countsSentence(counts)} (${report.took_seconds} s)`],
  ]
  return page(blocks, width)
}

function rowLine(row: ProbeRow, titleColumns: number, paint: Paint): string {
  const { sign, style } = PROBE_SIGNS[row.verdict]
  const remark = row.verdict === 'not offered' ? 'not offered' : remarkOf(row)
  const title = oneLine(row.title, titleColumns).padEnd(titleColumns)
  return `${paint(style, sign)} ${title}  ${paint('dim', oneLine(remark, REMARK_COLUMNS))}`.trimEnd()
}

/** What was sent and what came, only where a server does not do what the RFC says. */
function deviationLines({ title, rfc, sent, came, note }: ProbeRow, paint: Paint): string[] {
  return [
    `${paint('red', '✗')} ${paint('bold', oneLine(title))}: ${oneLine(note)} (${rfc})`,
    `    sent  ${oneLine(sent)}`,
    `    came  ${oneLine(came)}`,
  ]
}

/** What servers really do: the table over all of them, then what was sent and what came, server by server. */
export function renderProbeMarkdown({ stamp, targets }: ProbeResult): string {
  const blocks = [
    `## Protocol probe, ${stamp}`,
    ...targets.map(summaryLine),
    '',
    renderProbeMatrix(targets),
    '',
    '✓ conforms, ✗ deviates, – not offered, ? unknown',
    '',
    ...targets.map(details),
  ]
  return `${blocks.join('\n')}\n`
}

function summaryLine({ target, counts, remarks = [] }: ProbeReport): string {
  const said = [
    `${markdownText(target)}: ${countsSentence(counts)}`,
    ...remarks.map((remark) => markdownText(remark)),
  ]
  return `- ${said.join('. ')}`
}

/** A row per check, a column per server. */
export function renderProbeMatrix(targets: readonly ProbeReport[]): string {
  const checks = targets[0]?.rows ?? []
  const columns = [left('check'), left('RFC'), ...targets.map(({ target }) => left(markdownText(target)))]
  const rows = checks.map(({ id, title, rfc }) => [
    markdownText(title),
    markdownText(rfc.replaceAll('RFC ', '')),
    ...targets.map((report) => cell(report.rows.find((row) => row.id === id))),
  ])
  return markdownTable(columns, rows)
}

function cell(row: ProbeRow | undefined): string {
  if (row === undefined) return ''
  const { sign } = PROBE_SIGNS[row.verdict]
  if (row.verdict === 'not offered') return sign
  return `${sign} ${markdownText(remarkOf(row), 80)}`.trim()
}

function details({ target, extensions, rows, took_seconds: took }: ProbeReport): string {
  const table = rows.map((row) => [
    `${PROBE_SIGNS[row.verdict].sign} ${row.verdict}`,
    markdownText(row.title),
    row.rfc,
    markdownText(row.sent),
    markdownText(row.came),
    markdownText(row.note),
  ])
  const columns = ['Verdict', 'Check', 'RFC', 'Sent', 'Came', 'Note'].map((title) => left(title))
  return [
    `<details><summary>${markdownText(target)}</summary>`,
    '',
    `Extensions: ${markdownText(extensions.join(', ') || 'none', 500)}. Took ${took} s.`,
    '',
    markdownTable(columns, table),
    '',
    '</details>',
    '',
  ].join('\n')
}
