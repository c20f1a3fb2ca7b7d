import type { LatencySummary } from '../engine/histogram.ts'
import type { AccountRow, PressureResult, TenantRow } from '../pressure/result.ts'
import { markdownText, oneLine } from './escape.ts'
import { extrasMarkdown, extrasText } from './extras.ts'
import type { Field } from './facts.ts'
import { count, counted, decimal, percent, perSecond, seconds, shortMilliseconds, size } from './format.ts'
import { details, markdownPage, SIGNS, thresholdsMarkdown } from './markdown.ts'
import { type Column, left, markdownTable, right, textTable } from './table.ts'
import {
  fieldLines,
  INDENT,
  indent,
  type Page,
  type Paint,
  PIPE,
  page,
  section,
  titleBlock,
} from './terminal.ts'
import { thresholdTable } from './text.ts'
import { faultsOf, pressureReason, runName, VERDICT_STYLE, verificationSentence } from './verdict.ts'

/** One pressure run as a person reads it in a terminal. */
export function renderPressureText(result: PressureResult, { paint, width }: Page = PIPE): string {
  const inner = width === undefined ? undefined : width - INDENT
  const table = ({ columns, rows }: Table) =>
    rows.length === 0 ? [] : indent(textTable(columns, rows, inner))
  const title = oneLine(`${result.stamp}  ${runName(result)}`)
  const blocks = [
    titleBlock(title, { paint, width }),
    fieldLines(headerFields(result)),
    section('Messages:', fieldLines(messageFields(result), '  '), paint),
    section('Tenants:', table(deliveryTable(result)), paint),
    section('Clients:', table(clientTable(result)), paint),
    section('Accounts:', table(accountTable(result)), paint),
    section('Times:', table(timesTable(result)), paint),
    ...extrasText(result, inner).map((extra) => section(extra.title, indent(extra.lines), paint)),
    section('Events:', indent(eventLines(result)), paint),
    section('Diagnosis:', indent(diagnosisLines(result, paint)), paint),
    section('Observations:', indent(result.observations.map((sentence) => oneLine(sentence, 1000))), paint),
    section('Thresholds:', indent(thresholdTable(result.thresholds, { paint, width: inner })), paint),
    [statusLine(result, paint)],
  ]
  return page(blocks, width)
}

function eventLines({ events }: PressureResult): string[] {
  return events.map(
    ({ at_seconds, what }) => `${decimal(at_seconds, 1).padStart(6)} s  ${oneLine(what, 300)}`,
  )
}

function headerFields(result: PressureResult): Field[] {
  const { proxy, metrics, backend, seed } = result
  const instances = proxy.instances === 1 ? 'one' : String(proxy.instances)
  return [
    ['Test Type:', 'pressure: tenants, proxy, PostgreSQL, SMTP sink'],
    ['Proxy:', `${proxy.implementation}, ${instances} ${WHERE[proxy.runs]}`],
    ['Backend:', `${backend.name} (${backend.why})`],
    [
      'Duration:',
      `${seconds(metrics.duration_seconds)}  (hand-over ${seconds(metrics.window_seconds)}, drain ${seconds(metrics.drain_seconds)})`,
    ],
    ['Seed:', String(seed)],
  ]
}

const WHERE: Readonly<Record<PressureResult['proxy']['runs'], string>> = {
  'in-process': 'in the test process',
  processes: 'as processes of this machine',
  containers: 'in containers',
  external: 'given by PROXY_URL',
}

function messageFields({ metrics, verification }: PressureResult): Field[] {
  const memory = [
    `test process ${size(metrics.peak_test_process_memory_bytes)}`,
    ...(metrics.peak_proxy_memory_bytes === null ? [] : [`proxies ${size(metrics.peak_proxy_memory_bytes)}`]),
  ]
  const served = metrics.attachments_served
  return [
    ['Verified:', verificationSentence(verification)],
    ['Success Rate:', metrics.total_messages === 0 ? percent(null) : percent(metrics.success_rate)],
    [
      'Throughput:',
      `${perSecond(metrics.messages_per_second)} delivered, from the first hand-over to the last delivery`,
    ],
    ['Total Data:', `${size(metrics.total_bytes_sent)} delivered`],
    [
      'Attachments:',
      `${counted(served, 'fetch', 'fetches')}, ${size(metrics.attachment_bytes_served)}${cacheOf(metrics)}`,
    ],
    [
      'Syncs:',
      `${count(metrics.sync_calls)} calls, ${counted(metrics.dnd_periods, 'DND period')}, ${counted(metrics.dnd_violations, 'call')} inside one`,
    ],
    ['Queue:', metrics.peak_pending === null ? 'not read' : `at most ${count(metrics.peak_pending)} pending`],
    [
      'Fairness:',
      metrics.fairness === null
        ? '–'
        : `slowest tenant's p95 is ${decimal(metrics.fairness, 2)} times the fastest's (messages without attachments)`,
    ],
    ['Peak Memory:', memory.join(', ')],
  ]
}

function cacheOf({
  cache_hit_rate: hits,
  delivery_cache_hit_rate: spared,
}: PressureResult['metrics']): string {
  const parts: string[] = []
  if (hits !== null) parts.push(`${percent(hits)} of the proxy's lookups were hits`)
  if (spared !== null) parts.push(`${percent(spared)} of what could be spared was spared`)
  return parts.length === 0 ? '' : `; ${parts.join(', ')}`
}

function diagnosisLines({ diagnosis }: PressureResult, paint: Paint): string[] {
  return diagnosis.flatMap(({ severity, symptom, evidence, cause, action }) => [
    `${paint(severity === 'critical' ? 'red' : 'yellow', severity === 'critical' ? 'critical' : 'warning')}  ${symptom}`,
    `  evidence  ${oneLine(evidence, 600)}`,
    `  cause     ${oneLine(cause, 300)}`,
    `  action    ${oneLine(action, 300)}`,
  ])
}

function statusLine(result: PressureResult, paint: Paint): string {
  const style = VERDICT_STYLE[result.verdict]
  return `${paint(style, `[${result.verdict}]`)} ${oneLine(runName(result))}: ${oneLine(pressureReason(result), 1000)}`
}

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

/** Rows and columns of a table, for a terminal or Markdown. */
interface Table {
  readonly columns: readonly Column[]
  readonly rows: readonly (readonly string[])[]
}

const FAULTS = ['lost', 'duplicated', 'corrupted', 'unreported'] as const

/** What became of each tenant's messages. */
function deliveryTable({ tenants }: PressureResult): Table {
  return {
    columns: [
      left('tenant'),
      right('messages'),
      right('delivered'),
      right('queued'),
      right('lost'),
      right('dup'),
      right('corrupt'),
      right('unrep'),
      right('p50'),
      right('p95'),
      right('report p95'),
    ],
    rows: tenants.map((row) => [
      oneLine(row.tenant_id, 40),
      count(row.verification.handed_over),
      count(row.verification.delivered),
      count(row.verification.still_queued),
      ...FAULTS.map((kind) => count(row.verification[kind])),
      shortMilliseconds(row.end_to_end_ms.p50),
      shortMilliseconds(row.end_to_end_ms.p95),
      shortMilliseconds(row.report_lag_ms.p95),
    ]),
  }
}

/** What the tenants' clients counted. */
function clientTable({ tenants }: PressureResult): Table {
  return {
    columns: [
      left('tenant'),
      right('syncs'),
      right('msg/sync'),
      right('reports'),
      right('attachments'),
      right('served'),
      right('cache'),
      right('spared'),
      right('DND'),
      right('sync p95'),
    ],
    rows: tenants.map((row) => [
      oneLine(row.tenant_id, 40),
      count(row.sync_calls),
      decimal(row.msg_per_sync, 1),
      count(row.reports_received),
      count(row.attachments_served),
      size(row.attachment_mb_served * 1024 ** 2),
      percent(row.generation_cache_hit_rate),
      percent(row.delivery_cache_hit_rate),
      dndOf(row),
      shortMilliseconds(row.sync_response_ms.p95),
    ]),
  }
}

function dndOf({ dnd_periods, dnd_violations }: TenantRow): string {
  return dnd_violations === 0 ? count(dnd_periods) : `${count(dnd_periods)} (${count(dnd_violations)} broken)`
}

function accountTable({ accounts }: PressureResult): Table {
  const figures = ({ sent, errors, deferred, rate_limited }: AccountRow) =>
    [sent, errors, deferred, rate_limited].map(count)
  return {
    columns: [left('account'), right('sent'), right('errors'), right('deferred'), right('rate limited')],
    rows: accounts.map((account) => [oneLine(account.account_id, 40), ...figures(account)]),
  }
}

const SUMMARIES = ['avg', 'p50', 'p90', 'p95', 'p99', 'max'] as const

function timesTable({ metrics }: PressureResult): Table {
  const rows: [string, LatencySummary][] = [
    ['hand-over to sink', metrics.end_to_end_ms],
    ['sink to report', metrics.report_lag_ms],
    ['sync response', metrics.sync_response_ms],
    ['call after DND', metrics.dnd_resume_ms],
  ]
  return {
    columns: [left('ms'), right('count'), ...SUMMARIES.map(right)],
    rows: rows
      .filter(([, summary]) => summary.count > 0)
      .map(([name, summary]) => [
        name,
        count(summary.count),
        ...SUMMARIES.map((key) => decimal(summary[key], 1)),
      ]),
  }
}
