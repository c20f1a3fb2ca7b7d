import type { PressureResult } from '../pressure/result.ts'
import { fieldLines, INDENT, indent, page, section, titleBlock } from './blocks.ts'
import { oneLine } from './escape.ts'
import { extrasText } from './extras.ts'
import { count, counted, decimal, percent, perSecond, seconds, size } from './format.ts'
import { type Page, type Paint, PIPE } from './paint.ts'
import { pressureReason, verificationSentence } from './pressure-sentences.ts'
import { accountTable, clientTable, deliveryTable, type Table, timesTable } from './pressure-tables.ts'
import { textTable } from './table.ts'
import { thresholdTable } from './text-details.ts'
import { runName, VERDICT_STYLE } from './verdict.ts'

type Field = readonly [label: string, value: string]

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

export function headerFields(result: PressureResult): Field[] {
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

export function messageFields({ metrics, verification }: PressureResult): Field[] {
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
