import type { CustomMetricResult } from '../../engine/custom-metrics.ts'
import type { LatencySummary } from '../../engine/histogram.ts'
import type {
  FailureRow,
  MergedFrom,
  Metrics,
  ResourceUsage,
  Result,
  ServerRow,
  SplitResult,
  ThresholdResult,
} from '../../engine/result.ts'
import { unitOfThreshold } from '../../figures/threshold.ts'
import {
  count,
  counted,
  decimal,
  MISSING,
  percent,
  perSecond,
  seconds,
  shortMilliseconds,
  size,
} from '../format.ts'
import { left, right } from '../table.ts'
import { failureCount, failureText, failureTime, mostFrequent, replyCode } from '../text.ts'
import { thresholdFigures } from '../verdict.ts'
import { lineTone } from './charts/chart.ts'
import { factList } from './facts.ts'
import { barCell, type Html, html, section, table } from './markup.ts'

const WORDS = { pass: 'pass', fail: 'fail', 'no-data': 'no data', skipped: 'skipped' } as const

/** What the run had to hold, and by how much it did. */
export function thresholdsTable(thresholds: readonly ThresholdResult[]): Html | undefined {
  if (thresholds.length === 0) return undefined
  return table({
    caption: 'Thresholds',
    columns: [left('Threshold'), left('Verdict'), right('Value'), right('Limit'), right('Margin')],
    rows: thresholds.map((threshold) => {
      const { expression, verdict, reason } = threshold
      const { value, limit } = thresholdFigures(threshold)
      const why = reason === undefined ? false : html` <span class="dim">${reason}</span>`
      return [
        html`<code>${expression}</code>`,
        html`<span class="verdict ${verdict}">${WORDS[verdict]}</span>${why}`,
        value,
        limit,
        marginOf(threshold),
      ]
    }),
  })
}

/**
 * How far the value is on the good side of its limit, in percent of the limit, of a share in points of percent;
 * negative beyond it.
 */
export function marginOf(threshold: ThresholdResult): string {
  const { expression, value, limit } = threshold
  const isShare = unitOfThreshold(threshold) === 'share'
  if (value === null || (limit === 0 && !isShare)) return MISSING
  const upper = /<=?\d|<=?-/.test(expression)
  const lower = />=?\d|>=?-/.test(expression)
  if (!upper && !lower) return MISSING
  const good = upper ? limit - value : value - limit
  const share = (isShare ? good : good / Math.abs(limit)) * 100
  const unit = isShare ? 'pp' : '%'
  const digits = Math.abs(share) < 10 ? 2 : 0
  const text = decimal(share, digits)
  if (Number(text.replaceAll(',', '')) === 0) return `0 ${unit}`
  return `${share > 0 ? '+' : ''}${text.replace('-', '−')} ${unit}`
}

interface PhaseShare {
  readonly name: string
  readonly summary: LatencySummary
  /** All time that was spent in it, divided by all attempts: what it adds to each. */
  readonly msPerMessage: number
}

/** Phases that took place. Sums add up over phases; percentiles do not, so that only sums are stacked. */
export function phaseShares({ phases_ms, service_time_ms }: Metrics): PhaseShare[] {
  const attempts = service_time_ms.count
  return Object.entries(phases_ms)
    .filter(([, { count }]) => count > 0 && attempts > 0)
    .map(([name, summary]) => ({
      name,
      summary,
      msPerMessage: ((summary.avg ?? 0) * summary.count) / attempts,
    }))
}

/** The phases of a message as one stacked bar, and their figures. */
export function phases(metrics: Metrics): Html | undefined {
  const shares = phaseShares(metrics)
  if (shares.length === 0) return undefined
  const total = shares.reduce((sum, { msPerMessage }) => sum + msPerMessage, 0)
  return html`<div class="stack" role="img" aria-label="Time per message by phase; the table below has the figures">${shares.map(
    ({ name, msPerMessage }, index) =>
      html`<i style="flex-grow:${round(msPerMessage / (total || 1))};background:var(--${lineTone(index)})" title="${name}: ${shortMilliseconds(msPerMessage)} per message"></i>`,
  )}</div>
${table({
  caption: 'Phases',
  columns: [
    left('Phase'),
    ...['Per message', 'Share', 'Times', 'p50 ms', 'p95 ms', 'p99 ms', 'max ms'].map(right),
  ],
  rows: shares.map(({ name, summary, msPerMessage }, index) => [
    html`<i class="swatch" style="background:var(--${lineTone(index)})"></i>${name}`,
    shortMilliseconds(msPerMessage),
    total === 0 ? '–' : percent(msPerMessage / total),
    count(summary.count),
    ...[summary.p50, summary.p95, summary.p99, summary.max].map((ms) => decimal(ms, 2)),
  ]),
})}`
}

function round(share: number): string {
  return share.toFixed(5)
}

/** Kinds of failure on the page; all of them are in the JSON. */
const MOST_FAILURES = 100

/** Every kind of failure with the words of the server; undefined when there was none. */
export function errorsTable(
  { failures, metrics }: Pick<Result, 'failures' | 'metrics'>,
  caption = 'Errors',
): Html | undefined {
  if (failures.length === 0) return undefined
  const { shown, hidden } = mostFrequent(failures, MOST_FAILURES)
  const titles = ['Kind', 'Outcome', 'Phase', 'Server', 'Reply or reason', 'When']
  return html`${table({
    caption,
    columns: [left('Kind'), right('Count'), ...titles.slice(1).map(left)],
    rows: shown.map((row) => [
      html`<b>${kindOf(row)}</b>`,
      failureCount(row),
      html`<span class="outcome ${row.outcome}">${row.outcome}</span>`,
      row.phase,
      row.target,
      html`<span class="text">${failureText(row)}</span>`,
      whenCell(row, metrics.duration_seconds),
    ]),
  })}${hidden !== '' && html`<p class="note">${hidden} are in the JSON.</p>`}`
}

function kindOf(row: FailureRow): string {
  return replyCode(row) || row.class.replaceAll('_', ' ')
}

/** From the first to the last, as a part of the run's time. */
function whenCell(row: FailureRow, durationSeconds: number): Html {
  const place = (second: number) => Math.min(100, Math.max(0, (100 * second) / (durationSeconds || 1)))
  const from = place(row.first_at_seconds)
  const width = Math.max(1.5, place(row.last_at_seconds) - from)
  const style = `left:${Math.min(from, 98.5).toFixed(1)}%;width:${width.toFixed(1)}%`
  return html`<span class="when"><i style="${style}"></i></span><span class="dim">${failureTime(row)}</span>`
}

/** Each server's part of the load and how it bore it. */
export function serversTable({ per_server, resource_usage }: Result): Html | undefined {
  if (per_server.length === 0) return undefined
  const total = per_server.reduce((sum, row) => sum + endedOn(row), 0)
  const titles = ['Share', 'Accepted', 'Not accepted', 'Data', 'p50 ms', 'p99 ms', 'max ms', 'Peak conn.']
  return table({
    caption: 'Servers',
    columns: [left('Server'), ...titles.map(right), right('CPU avg'), right('Memory max'), left('')],
    rows: per_server.map((row) => {
      const { p50, p99, max } = row.response_time_ms
      const share = total === 0 ? null : endedOn(row) / total
      return [
        serverName(row),
        barCell(percent(share), share),
        count(row.accepted),
        count(endedOn(row) - row.accepted),
        size(row.bytes),
        ...[p50, p99, max].map((ms) => decimal(ms, 2)),
        count(row.peak_connections),
        ...usageCells(resource_usage[row.name]),
        row.ended === undefined ? '' : html`<span class="bad-text">${row.ended}</span>`,
      ]
    }),
  })
}

function usageCells(usage: ResourceUsage | undefined): string[] {
  const cpu = usage === undefined ? '–' : `${decimal(usage.cpu_percent.avg, 0)} %`
  return [cpu, size(usage?.memory_bytes.max)]
}

/** How evenly the load was spread, in a sentence; undefined with fewer than two servers. */
export function balanceSentence({ per_server }: Result): string | undefined {
  if (per_server.length < 2) return undefined
  const loads = per_server.map(endedOn)
  const most = loads.reduce((a, b) => Math.max(a, b))
  const least = loads.reduce((a, b) => Math.min(a, b))
  if (most === 0) return undefined
  if (most === least) return `Balanced: each of the ${per_server.length} servers had ${count(most)} messages.`
  const excess = least === 0 ? '' : `, ${decimal((most / least - 1) * 100, 1)} % more`
  return `The busiest server had ${count(most)} messages, the idlest ${count(least)}${excess}.`
}

function endedOn({ accepted, deferred, rejected, failed }: ServerRow): number {
  return accepted + deferred + rejected + failed
}

/** A server that was given by its address has that as its name. */
function serverName({ name, host, port }: { name: string; host: string; port: number }): Html {
  const address = `${host}:${port}`
  return name === address ? html`${name}` : html`${name} <span class="dim">${address}</span>`
}

const OWN_PART =
  'This is the result of one generator alone: mailstorm merge puts the results of all of them together.'

/** Which generators offered the load, and how far apart they started; nothing where there was only one. */
export function generatorsSection({ split, merged }: Pick<Result, 'split' | 'merged'>): Html {
  if (merged !== undefined) return section('Generators', partsTable(merged), mergedNote(merged))
  return split === undefined ? html`` : section('Generators', splitFacts(split), OWN_PART)
}

function splitFacts({ index, generators, ...split }: SplitResult): Html {
  return factList([
    ['Generator', `${index + 1} of ${generators}`],
    ['Run of all', split.shared_run_id],
    ['Agreed start', split.agreed_start ?? 'none was agreed'],
    ['Started', `${split.started_at}${lateText(split)}`],
  ])
}

function lateText({ start_late_ms: late }: Pick<SplitResult, 'start_late_ms'>): string {
  return late === null ? '' : ` (${shortMilliseconds(late)} after the agreed start)`
}

function mergedNote({ generators, parts, start_skew_ms }: MergedFrom): string {
  const missing = generators - parts.length
  const here = missing === 0 ? '' : ` The results of ${counted(missing, 'generator')} are missing here.`
  return `${counted(generators, 'generator')} offered this load together. Their starts lie ${shortMilliseconds(start_skew_ms)} apart by their own clocks.${here}`
}

function partsTable({ parts }: MergedFrom): Html {
  const total = parts.reduce((sum, part) => sum + part.total_messages, 0)
  const figures = ['After the first', 'After the agreed start', 'Messages', 'Throughput'].map(right)
  return table({
    caption: 'Generators',
    columns: [left('Generator'), left('Run'), left('Started'), ...figures],
    rows: parts.map((part) => [
      count(part.index + 1),
      part.run_id,
      part.started_at,
      shortMilliseconds(part.after_first_ms),
      shortMilliseconds(part.start_late_ms),
      barCell(count(part.total_messages), total === 0 ? null : part.total_messages / total),
      perSecond(part.messages_per_second),
    ]),
  })
}

/** The metrics that a scenario brought along; undefined when it brought none. */
export function customMetricsTable({ custom_metrics }: Pick<Result, 'custom_metrics'>): Html | undefined {
  const all = Object.entries(custom_metrics ?? {})
  if (all.length === 0) return undefined
  return table({
    caption: 'Custom metrics',
    columns: [left('Metric'), left('Kind'), right('Value'), left('Further')],
    rows: all.map(([name, metric]) => [name, metric.kind, ...cellsOf(metric, number(name))]),
  })
}

type Format = (value: number | null) => string

/** What is called `…_ms` is in milliseconds; the unit of anything else only its author knows. */
function number(name: string): Format {
  const unit = name.endsWith('_ms') ? ' ms' : ''
  return (value) => {
    if (value === null) return MISSING
    const digits = Number.isInteger(value) ? 0 : Math.abs(value) >= 100 ? 1 : 2
    return decimal(value, digits) + unit
  }
}

function cellsOf(metric: CustomMetricResult, format: Format): [value: string, further: string] {
  switch (metric.kind) {
    case 'counter':
      return [format(metric.sum), perSecond(metric.per_second)]
    case 'gauge': {
      const { value, min, max, at_seconds } = metric
      return [format(value), `from ${format(min)} to ${format(max)}, last at ${seconds(at_seconds)}`]
    }
    case 'rate':
      return [percent(metric.share), `${format(metric.hits)} of ${format(metric.total)}`]
    case 'trend': {
      const { p50, p95, p99, max, count } = metric.summary
      const figures = `p95 ${format(p95)}, p99 ${format(p99)}, max ${format(max)}`
      return [`p50 ${format(p50)}`, `${figures}, ${decimal(count, 0)} values`]
    }
    default:
      return metric satisfies never
  }
}
