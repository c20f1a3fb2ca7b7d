import type { PressureResult } from '../pressure/result.ts'
import { markdownText } from './escape.ts'
import { extrasMarkdown } from './extras.ts'
import { count, decimal } from './format.ts'
import { details, markdownPage, SIGNS, thresholdsMarkdown } from './markdown-blocks.ts'
import { faultsOf, pressureReason } from './pressure-sentences.ts'
import { accountTable, clientTable, deliveryTable, type Table, timesTable } from './pressure-tables.ts'
import { headerFields, messageFields } from './pressure-text.ts'
import { markdownTable, right } from './table.ts'
import { runName } from './verdict.ts'

/** One pressure run as Markdown that reads well as a file, in a pull request and in a GitHub job summary. */
export function renderPressureMarkdown(result: PressureResult): string {
  const blocks = [
    `## ${SIGNS[result.verdict]} ${markdownText(runName(result))}: ${result.verdict}`,
    markdownText(pressureReason(result), 1000),
    markdown(deliveryTable(result)),
    thresholdsMarkdown(result.thresholds),
    list(
      result.diagnosis.map(
        ({ symptom, evidence, cause, action }) =>
          `**${markdownText(symptom)}**: ${sentence(evidence, 600)} Cause: ${sentence(cause, 300)} Action: ${sentence(action, 300)}`,
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
    ...result.observations.map((sentence) => `> ${markdownText(sentence, 1000)}`),
  ]
  return markdownPage(blocks)
}

function sentence(text: string, most: number): string {
  return `${markdownText(text, most).replace(/\.$/, '')}.`
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

/** Longer runs are shown in so many rows at most; the JSON has every second. */
const MOST_ROWS = 30

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
