import type { PressureResult } from '../pressure/result.ts'
import { markdownText } from './escape.ts'
import { extrasMarkdown } from './extras.ts'
import { count, decimal } from './format.ts'
import { faultsOf, pressureReason } from './pressure-sentences.ts'
import { accountTable, clientTable, deliveryTable, type Table, timesTable } from './pressure-tables.ts'
import { headerFields, messageFields } from './pressure-text.ts'
import { left, markdownTable, right } from './table.ts'
import { runName, thresholdFigures } from './verdict.ts'

const SIGNS = { PASSED: '✅', WARNING: '⚠️', FAILED: '❌' } as const
const VERDICTS = { pass: '✅ pass', fail: '❌ fail', 'no-data': '❌ no data', skipped: '⏭️ skipped' } as const

/** One pressure run as Markdown that reads well as a file, in a pull request and in a GitHub job summary. */
export function renderPressureMarkdown(result: PressureResult): string {
  const blocks = [
    `## ${SIGNS[result.verdict]} ${markdownText(runName(result))}: ${result.verdict}`,
    markdownText(pressureReason(result), 1000),
    markdown(deliveryTable(result)),
    thresholds(result),
    list(
      result.diagnosis.map(
        ({ symptom, evidence, cause, action }) =>
          `**${markdownText(symptom)}**: ${markdownText(evidence, 600)}. Cause: ${markdownText(cause, 300)}. Action: ${markdownText(action, 300)}.`,
      ),
    ),
    list(faultsOf(result.verification).map((line) => markdownText(line, 500))),
    ...extrasMarkdown(result).map(({ title, body }) => `### ${title}\n\n${body}`),
    details('Run', fieldList([...headerFields(result), ...messageFields(result)])),
    details('Clients', markdown(clientTable(result))),
    details('Accounts', markdown(accountTable(result))),
    details('Times', markdown(timesTable(result))),
    details(
      'Events',
      list(
        result.events.map(
          ({ at_seconds, what }) => `${decimal(at_seconds, 1)} s: ${markdownText(what, 300)}`,
        ),
      ),
    ),
    details('Timeline', timeline(result)),
    ...result.observations.map((sentence) => `> ${markdownText(sentence, 300)}`),
  ]
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`
}

function details(title: string, body: string): string {
  // The empty lines make GitHub read Markdown inside HTML again (GFM, HTML blocks, condition 6).
  return body === '' ? '' : `<details><summary>${title}</summary>\n\n${body}\n\n</details>`
}

function list(lines: readonly string[]): string {
  return lines.map((line) => `- ${line}`).join('\n')
}

function fieldList(fields: readonly (readonly [label: string, value: string])[]): string {
  return list(fields.map(([label, value]) => `${markdownText(label)} ${markdownText(value, 1000)}`))
}

function markdown({ columns, rows }: Table): string {
  if (rows.length === 0) return ''
  return markdownTable(
    columns,
    rows.map((row) => row.map((cell) => markdownText(cell))),
  )
}

function thresholds(result: PressureResult): string {
  if (result.thresholds.length === 0) return ''
  const rows = result.thresholds.map((threshold) => {
    const { value, limit } = thresholdFigures(threshold)
    const { verdict, expression, reason } = threshold
    const why = reason === undefined ? '' : ` (${markdownText(reason)})`
    return [VERDICTS[verdict] + why, markdownText(expression), value, limit]
  })
  return markdownTable([left('Verdict'), left('Threshold'), right('Value'), right('Limit')], rows)
}

/** Longer runs are shown in so many rows at most; the JSON has every second. */
const MOST_ROWS = 60

function timeline({ timeline: seconds }: PressureResult): string {
  const each = Math.max(1, Math.ceil(seconds.length / MOST_ROWS))
  const rows = seconds
    .filter((row) => row.second % each === 0)
    .map((row) => [
      count(row.second),
      ...[row.handed_over, row.delivered, row.reported, row.sync_calls, row.pending, row.deferred].map(count),
      decimal(row.end_to_end_ms.p95, 0),
    ])
  const columns = ['second', 'handed over', 'delivered', 'reported', 'syncs', 'pending', 'deferred', 'p95 ms']
  return markdownTable(columns.map(right), rows)
}
