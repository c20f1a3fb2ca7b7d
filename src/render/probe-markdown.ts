import type { ProbeReport, ProbeResult, ProbeRow } from '../probe/report.ts'
import { markdownText } from './escape.ts'
import { countsSentence, PROBE_SIGNS, remarkOf } from './probe-signs.ts'
import { left, markdownTable } from './table.ts'

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
  const columns = ['Verdict', 'Check', 'RFC', 'Sent', 'Came', 'Note'].map(left)
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
