import type { CustomRecording, MetricKinds, MetricRecording } from './custom-metrics.ts'
import type { LatencySummary } from './histogram.ts'
import { type SparseHistogram, summarise } from './histogram.ts'

/** A custom metric as results have it; null where nothing was recorded. */
export type CustomMetricResult =
  | { readonly kind: 'counter'; readonly sum: number; readonly per_second: number | null }
  | {
      readonly kind: 'gauge'
      /** The last one, and when it came, seconds after the start. */
      readonly value: number | null
      readonly min: number | null
      readonly max: number | null
      readonly at_seconds: number | null
    }
  | { readonly kind: 'rate'; readonly share: number | null; readonly hits: number; readonly total: number }
  | {
      readonly kind: 'trend'
      /** In the unit of what was recorded. */
      readonly summary: LatencySummary
      /** Made for milliseconds: its names say so, its values are what was recorded. */
      readonly histogram: SparseHistogram
    }

export type CustomMetricResults = Readonly<Record<string, CustomMetricResult>>

export function customResults(recording: CustomRecording, durationSeconds: number): CustomMetricResults {
  return Object.fromEntries(
    Object.entries(recording).map(([name, metric]) => [name, resultOf(metric, durationSeconds)]),
  )
}

function resultOf(metric: MetricRecording, durationSeconds: number): CustomMetricResult {
  switch (metric.kind) {
    case 'counter':
      return { ...metric, per_second: durationSeconds > 0 ? metric.sum / durationSeconds : null }
    case 'gauge': {
      const { atMs, ...reading } = metric
      return { ...reading, at_seconds: reading.value === null ? null : atMs / 1000 }
    }
    case 'rate':
      return { ...metric, share: metric.total === 0 ? null : metric.hits / metric.total }
    case 'trend':
      return { ...metric, summary: summarise(metric.histogram) }
    default:
      return metric satisfies never
  }
}

/** The way back, so that results of several generators merge as exactly as threads do. */
export function customRecordingOf(results: CustomMetricResults): CustomRecording {
  return Object.fromEntries(Object.entries(results).map(([name, result]) => [name, recordingOf(result)]))
}

function recordingOf(result: CustomMetricResult): MetricRecording {
  switch (result.kind) {
    case 'counter':
      return { kind: 'counter', sum: result.sum }
    case 'gauge': {
      const { at_seconds: atSeconds, ...reading } = result
      return { ...reading, atMs: atSeconds === null ? -1 : atSeconds * 1000 }
    }
    case 'rate':
      return { kind: 'rate', hits: result.hits, total: result.total }
    case 'trend':
      return { kind: 'trend', histogram: result.histogram }
    default:
      return result satisfies never
  }
}

export function kindsOf(results: CustomMetricResults = {}): MetricKinds {
  return Object.fromEntries(Object.entries(results).map(([name, { kind }]) => [name, kind]))
}
