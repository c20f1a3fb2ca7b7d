import wrapAnsi from 'wrap-ansi'
import type { CustomMetricResult } from '../engine/custom-metrics.ts'
import type { LatencySummary } from '../engine/histogram.ts'
import type { DriftResult, Result, SearchResult, SideBySide, Unit } from '../engine/result.ts'
import { markdownText, oneLine } from './escape.ts'
import { count, decimal, figure, figureText, percent, perSecond, shortMilliseconds } from './format.ts'
import { type Column, detailedTable, left, markdownTable, right, textTable } from './table.ts'

/** What only some results have: a table of several runs, slopes, the steps of a search, a generator's part. */
interface Extra {
  readonly title: string
  readonly columns: readonly Column[]
  readonly rows: readonly (readonly string[])[]
  /** How to read it. */
  readonly note: string
}

export interface TextExtra {
  readonly title: string
  readonly lines: readonly string[]
}

/** What one reads without turning the head. */
const NOTE_WIDTH = 90

/** Results of either kind. */
type WithExtras = Pick<Result, 'search' | 'side_by_side' | 'drift' | 'split'>

export function extrasText(result: WithExtras, width?: number): TextExtra[] {
  return extrasOf(result).map(({ title, columns, rows, note }) => {
    const clean = rows.map((cells) => cells.map((cell) => oneLine(cell)))
    return {
      title: `${title}:`,
      lines: [...textTable(columns, clean, width), ...wrapNote(note, width)],
    }
  })
}

function wrapNote(note: string, width = NOTE_WIDTH): string[] {
  return note === '' ? [] : wrapAnsi(oneLine(note, 400), Math.min(width, NOTE_WIDTH)).split('\n')
}

export interface MarkdownExtra {
  readonly title: string
  readonly body: string
}

export function extrasMarkdown(result: WithExtras): MarkdownExtra[] {
  return extrasOf(result).map(({ title, columns, rows, note }) => {
    const clean = rows.map((cells) => cells.map((cell) => markdownText(cell)))
    return {
      title,
      body: [markdownTable(columns, clean), markdownText(note, 400)]
        .filter((part) => part !== '')
        .join('\n\n'),
    }
  })
}

function extrasOf({ search, side_by_side, drift, split }: WithExtras): Extra[] {
  return [
    search && searchTable(search),
    side_by_side && sideBySideTable(side_by_side),
    drift && drift.length > 0 ? driftTable(drift) : undefined,
    split && splitTable(split),
  ].filter((extra) => extra !== undefined)
}

function searchTable({ steps, why, confidence, rate_per_second: rate }: SearchResult): Extra {
  const answer = rate === null ? 'No rate held' : `Highest rate that holds: ${perSecond(rate)}`
  return {
    title: 'Search',
    columns: [
      right('rate'),
      left('outcome'),
      right('throughput'),
      right('p99'),
      right('success'),
      left('missed'),
    ],
    rows: steps.map((step) => [
      perSecond(step.rate_per_second),
      step.held ? 'held' : 'broke',
      perSecond(step.throughput),
      shortMilliseconds(step.p99_ms),
      percent(step.success_rate),
      [...step.missed, ...(step.generator_bound ? ['generator-bound'] : [])].join(', '),
    ]),
    note: `${answer}, confidence ${confidence}: ${why}.`,
  }
}

function sideBySideTable({ by, columns, rows, note }: SideBySide): Extra {
  return {
    title: 'Side by Side',
    columns: [left(by), ...columns.map(({ name }) => right(name))],
    rows: rows.map(({ label, values }) => [
      label,
      ...columns.map(({ unit }, index) => withUnit(values[index] ?? null, unit)),
    ]),
    note,
  }
}

/** Short, where many stand beside each other. */
function withUnit(value: number | null, unit: Unit): string {
  return unit === 'ms' ? shortMilliseconds(value) : figureText(value, unit)
}

function driftTable(rows: readonly DriftResult[]): Extra {
  return {
    title: 'Drift',
    columns: [left('of'), right('per hour'), right('95 % from'), right('to'), right('points')],
    rows: rows.map((row) => {
      const slope = (value: number) => slopeText(value, row.unit)
      const bounds = [row.per_hour, row.low_per_hour, row.high_per_hour]
      return [row.of, ...bounds.map(slope), count(row.points)]
    }),
    note: 'Theil-Sen slopes after the warm-up: the median of the slopes between all pairs of intervals.',
  }
}

function slopeText(perHour: number, unit: DriftResult['unit']): string {
  const sign = perHour > 0 ? '+' : ''
  return unit === 'ms' ? `${sign}${decimal(perHour, 2)} ms` : `${sign}${decimal(perHour / 1_048_576, 2)} MB`
}

function splitTable(split: NonNullable<Result['split']>): Extra {
  const late =
    split.start_late_ms === null
      ? 'no start was agreed'
      : `${shortMilliseconds(split.start_late_ms)} after the agreed start`
  return {
    title: 'Generator',
    columns: [left('generator'), left('run'), left('started'), left('')],
    rows: [[`${split.index + 1} of ${split.generators}`, split.shared_run_id, split.started_at, late]],
    note: 'These are the figures of its part alone: mailstorm merge puts the parts together.',
  }
}

const COLUMNS = [left('metric'), left('kind'), right('value')]

/** The scenario's own metrics for a terminal; empty when it has none. */
export function customMetricsText({ custom_metrics: metrics = {} }: Result, width?: number): string[] {
  const rows = Object.entries(metrics).map(([name, metric]) => {
    const [value, detail] = cells(name, metric)
    return { cells: [oneLine(name, 40), metric.kind, value], detail }
  })
  const table = detailedTable(COLUMNS, rows, '', width)
  return rows.length === 0 ? [] : [...table.titles, ...table.rows.flat()]
}

/** The same as a Markdown table. */
export function customMetricsMarkdown({ custom_metrics: metrics = {} }: Result): string {
  const rows = Object.entries(metrics).map(([name, metric]) =>
    [name, metric.kind, ...cells(name, metric)].map((cell) => markdownText(cell)),
  )
  return rows.length === 0
    ? ''
    : markdownTable([left('Metric'), left('Kind'), right('Value'), left('')], rows)
}

/** The figure that stands for the metric, and what else is known of it. */
function cells(name: string, metric: CustomMetricResult): [value: string, more: string] {
  switch (metric.kind) {
    case 'counter':
      return [figure(metric.sum), perSecond(metric.per_second)]
    case 'gauge':
      return [figure(metric.value), `min ${figure(metric.min)}, max ${figure(metric.max)}`]
    case 'rate':
      return [percent(metric.share), `${count(metric.hits)} of ${count(metric.total)}`]
    case 'trend':
      return trendCells(metric.summary, name.endsWith('_ms') ? ' ms' : '')
    default:
      return metric satisfies never
  }
}

function trendCells(summary: LatencySummary, unit: string): [value: string, more: string] {
  const named = [
    ['min', summary.min],
    ['avg', summary.avg],
    ['p50', summary.p50],
    ['p99', summary.p99],
    ['max', summary.max],
  ] as const
  const others = named.map(([name, value]) => `${name} ${figure(value)}`)
  return [`p95 ${figure(summary.p95)}${unit}`, `${others.join(', ')}, ${count(summary.count)} values`]
}
