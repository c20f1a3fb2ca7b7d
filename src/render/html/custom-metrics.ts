import type { CustomMetricResult } from '../../engine/custom-metrics.ts'
import type { Result } from '../../engine/result.ts'
import { decimal, MISSING, percent, perSecond, seconds } from '../format.ts'
import { left, right } from '../table.ts'
import type { Html } from './markup.ts'
import { table } from './table.ts'

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
