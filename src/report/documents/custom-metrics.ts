import type { CustomMetricResult } from '../../engine/custom-metrics.ts'
import type { LatencySummary } from '../../engine/histogram.ts'
import type { Result } from '../../engine/result.ts'
import { unitOfTrend } from '../../figures/custom.ts'
import { type Block, left, right, table } from '../block.ts'
import { count, figure, percent, perSecond, seconds } from '../format.ts'

const COLUMNS = [left('metric', { most: 40 }), left('kind'), right('value'), left('', { long: true })]

/** The metrics that a scenario brought along. */
export function customMetricsBlock({ custom_metrics: metrics = {} }: Pick<Result, 'custom_metrics'>): Block {
  const rows = Object.entries(metrics).map(([name, metric]) => [name, metric.kind, ...cells(name, metric)])
  return { title: 'Custom metrics', folded: true, parts: table(COLUMNS, rows) }
}

/** The figure that stands for the metric, and what else is known of it. */
function cells(name: string, metric: CustomMetricResult): [value: string, more: string] {
  switch (metric.kind) {
    case 'counter':
      return [figure(metric.sum), perSecond(metric.per_second)]
    case 'gauge': {
      const { value, min, max, at_seconds: at } = metric
      const last = at === null ? '' : `, last at ${seconds(at)}`
      return [figure(value), `min ${figure(min)}, max ${figure(max)}${last}`]
    }
    case 'rate':
      return [percent(metric.share), `${count(metric.hits)} of ${count(metric.total)}`]
    case 'trend':
      return trendCells(metric.summary, unitOfTrend(name) === 'ms' ? ' ms' : '')
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
