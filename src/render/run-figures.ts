import { figuresFor, type RunView } from '../analysis/view.ts'
import type { CustomMetricResults } from '../engine/custom-metrics.ts'
import type { Result, ThresholdResult } from '../engine/result.ts'
import type { PressureResult } from '../pressure/result.ts'
import { thresholdFigures } from './verdict.ts'

export type Property = readonly [name: string, value: string]

/**
 * A run's figures as names and values for machines: facts of the run, every figure that was measured by
 * the name that thresholds have for it (milliseconds, shares, per second), thresholds with their outcome.
 */
export function runProperties(result: Result | PressureResult, view: RunView): Property[] {
  const figures = figuresFor(view).flatMap(({ name }): Property[] => {
    const value = view.figures[name] ?? null
    return value === null ? [] : [[name, String(value)]]
  })
  return [
    ['verdict', result.verdict],
    ['status', result.status],
    ['run_id', result.run_id],
    ['backend', result.backend.name],
    ['seed', String(result.seed)],
    ['machine', `${result.machine.cpu}, ${result.machine.cores} cores, ${result.machine.os}`],
    ...figures,
    ...customProperties('custom_metrics' in result ? result.custom_metrics : {}),
    ...result.thresholds.map(
      (threshold): Property => [`threshold ${threshold.expression}`, outcome(threshold)],
    ),
  ]
}

function customProperties(metrics: CustomMetricResults = {}): Property[] {
  return Object.entries(metrics).flatMap(([name, metric]): Property[] => {
    switch (metric.kind) {
      case 'counter':
        return [[name, String(metric.sum)]]
      case 'gauge':
        return metric.value === null ? [] : [[name, String(metric.value)]]
      case 'rate':
        return metric.share === null ? [] : [[name, String(metric.share)]]
      case 'trend': {
        const { p95, p99 } = metric.summary
        if (p95 === null || p99 === null) return []
        return [
          [`${name}.p(95)`, String(p95)],
          [`${name}.p(99)`, String(p99)],
        ]
      }
      default:
        return metric satisfies never
    }
  })
}

function outcome(threshold: ThresholdResult): string {
  const { verdict, reason } = threshold
  if (verdict === 'pass' || verdict === 'fail') return `${verdict}: ${thresholdFigures(threshold).value}`
  return reason === undefined ? verdict : `${verdict}: ${reason}`
}
