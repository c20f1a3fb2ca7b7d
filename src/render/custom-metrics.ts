import type { CustomMetricResult } from '../engine/custom-metrics.ts'
import type { LatencySummary } from '../engine/histogram.ts'
import type { Result } from '../engine/result.ts'
import { markdownText, oneLine } from './escape.ts'
import { count, figure, percent, perSecond } from './format.ts'
import { detailedTable, left, markdownTable, right } from './table.ts'

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
