import { MailstormError } from '../error.ts'
import { Histogram, type LatencySummary, mergeSparse, type SparseHistogram, summarise } from './histogram.ts'

/** k6's four kinds: a sum, the last value, a share of hits, a distribution. */
export const METRIC_KINDS = ['counter', 'gauge', 'rate', 'trend'] as const
/**
 * Kind of a metric of your own, as in k6: `counter` (a sum), `gauge` (the last value), `rate` (a share of
 * hits), `trend` (a distribution).
 */
export type MetricKind = (typeof METRIC_KINDS)[number]

/** Metrics that a scenario adds to ours: `{ retries: 'counter' }`. */
export type MetricKinds = Readonly<Record<string, MetricKind>>

/** What hooks record with. */
export interface MetricRecorder {
  /**
   * Counter: adds `value`, 1 by default. Gauge: the value is now this. Rate: a hit, or with `false` or 0
   * a miss. Trend: one more value of the distribution.
   */
  add(name: string, value?: number | boolean): void
}

/** One metric so far, of one thread or of all: plain data that merges exactly. */
type MetricRecording =
  | { readonly kind: 'counter'; readonly sum: number }
  | ({ readonly kind: 'gauge' } & GaugeReading)
  | { readonly kind: 'rate'; readonly hits: number; readonly total: number }
  | { readonly kind: 'trend'; readonly histogram: SparseHistogram }

/** Nulls before the first value; `atMs`, after the start, says whose last value is the later one. */
interface GaugeReading {
  readonly value: number | null
  readonly min: number | null
  readonly max: number | null
  readonly atMs: number
}

export type CustomRecording = Readonly<Record<string, MetricRecording>>

const NO_READING: GaugeReading = { value: null, min: null, max: null, atMs: -1 }

/** One thread's custom metrics. Its memory does not grow with what is recorded. */
export class CustomMetrics implements MetricRecorder {
  readonly #cells: ReadonlyMap<string, Cell>

  /** `elapsedMs` tells the time since the start of the run. */
  constructor(kinds: MetricKinds, elapsedMs: () => number) {
    this.#cells = new Map(Object.entries(kinds).map(([name, kind]) => [name, newCell(kind, elapsedMs)]))
  }

  add(name: string, value: number | boolean = 1): void {
    const cell = this.#cells.get(name)
    if (cell === undefined) throw this.#unknown(name)
    const number = Number(value)
    if (!Number.isFinite(number)) throw badValue(name, value, 'it is not a number.')
    if (number < 0 && cell.neverNegative) throw badValue(name, value, 'only a gauge can be negative.')
    cell.add(number)
  }

  snapshot(): CustomRecording {
    return Object.fromEntries([...this.#cells].map(([name, cell]) => [name, cell.snapshot()]))
  }

  #unknown(name: string): MailstormError {
    return new MailstormError(
      'BAD_METRIC',
      `Failed to record the custom metric "${name}": the scenario does not have it.`,
      `It has: ${[...this.#cells.keys()].join(', ') || 'none'}.`,
    )
  }
}

function badValue(name: string, value: number | boolean, why: string): MailstormError {
  return new MailstormError('BAD_METRIC', `Failed to record ${value} for the custom metric "${name}": ${why}`)
}

interface Cell {
  readonly neverNegative: boolean
  add(value: number): void
  snapshot(): MetricRecording
}

function newCell(kind: MetricKind, elapsedMs: () => number): Cell {
  switch (kind) {
    case 'counter':
      return new CounterCell()
    case 'gauge':
      return new GaugeCell(elapsedMs)
    case 'rate':
      return new RateCell()
    case 'trend':
      return new TrendCell()
    default:
      return kind satisfies never
  }
}

class CounterCell implements Cell {
  readonly neverNegative = true
  #sum = 0

  add(value: number): void {
    this.#sum += value
  }

  snapshot(): MetricRecording {
    return { kind: 'counter', sum: this.#sum }
  }
}

class GaugeCell implements Cell {
  readonly neverNegative = false
  readonly #elapsedMs: () => number
  #reading: GaugeReading = NO_READING

  constructor(elapsedMs: () => number) {
    this.#elapsedMs = elapsedMs
  }

  add(value: number): void {
    const { min, max } = this.#reading
    this.#reading = {
      value,
      min: Math.min(min ?? value, value),
      max: Math.max(max ?? value, value),
      atMs: this.#elapsedMs(),
    }
  }

  snapshot(): MetricRecording {
    return { kind: 'gauge', ...this.#reading }
  }
}

class RateCell implements Cell {
  readonly neverNegative = true
  #hits = 0
  #total = 0

  add(value: number): void {
    this.#total++
    if (value !== 0) this.#hits++
  }

  snapshot(): MetricRecording {
    return { kind: 'rate', hits: this.#hits, total: this.#total }
  }
}

class TrendCell implements Cell {
  readonly neverNegative = true
  readonly #histogram = new Histogram()

  add(value: number): void {
    this.#histogram.record(value)
  }

  snapshot(): MetricRecording {
    return { kind: 'trend', histogram: this.#histogram.toSparse() }
  }
}

/** Both recordings together, as if one thread had recorded all; a metric that one lacks is the other's. */
export function mergeCustom(a: CustomRecording, b: CustomRecording): CustomRecording {
  const names = new Set([...Object.keys(a), ...Object.keys(b)])
  return Object.fromEntries([...names].map((name) => [name, mergeMetric(name, a[name], b[name])]))
}

function mergeMetric(name: string, a?: MetricRecording, b?: MetricRecording): MetricRecording {
  const one = a ?? b
  if (one === undefined) throw new RangeError(`nothing was recorded for ${name}`)
  if (a === undefined || b === undefined) return one
  if (a.kind === 'counter' && b.kind === 'counter') return { kind: 'counter', sum: a.sum + b.sum }
  if (a.kind === 'gauge' && b.kind === 'gauge') return { kind: 'gauge', ...mergeGauges(a, b) }
  if (a.kind === 'rate' && b.kind === 'rate')
    return { kind: 'rate', hits: a.hits + b.hits, total: a.total + b.total }
  if (a.kind === 'trend' && b.kind === 'trend')
    return { kind: 'trend', histogram: mergeSparse(a.histogram, b.histogram) }
  throw new MailstormError(
    'BAD_METRIC',
    `Failed to merge the custom metric "${name}": it is a ${a.kind} here and a ${b.kind} there.`,
  )
}

/** The later value stands; of two at the same time the larger, so that the order of merging does not matter. */
function mergeGauges(a: GaugeReading, b: GaugeReading): GaugeReading {
  if (a.value === null || a.min === null || a.max === null) return b
  if (b.value === null || b.min === null || b.max === null) return a
  const aIsLater = a.atMs > b.atMs || (a.atMs === b.atMs && a.value >= b.value)
  const { value, atMs } = aIsLater ? a : b
  return { value, min: Math.min(a.min, b.min), max: Math.max(a.max, b.max), atMs }
}

/** As seen from a start that was so much earlier: of two gauges the later one counts. */
export function shiftCustom(recording: CustomRecording, ms: number): CustomRecording {
  return Object.fromEntries(
    Object.entries(recording).map(([name, metric]) => [
      name,
      metric.kind === 'gauge' && metric.value !== null ? { ...metric, atMs: metric.atMs + ms } : metric,
    ]),
  )
}

/** What one metric of the scenario's own recorded; null where nothing was. */
export type CustomMetricResult =
  | {
      /** A sum. */
      readonly kind: 'counter'
      /** Sum of all that was added. */
      readonly sum: number
      /** The sum divided by the duration of the run in seconds. */
      readonly per_second: number | null
    }
  | {
      /** The last value. */
      readonly kind: 'gauge'
      /** The last value. */
      readonly value: number | null
      /** The smallest value. */
      readonly min: number | null
      /** The largest value. */
      readonly max: number | null
      /** When the last value was recorded, in seconds after the start. */
      readonly at_seconds: number | null
    }
  | {
      /** A share of hits. */
      readonly kind: 'rate'
      /** Hits divided by all, 0 to 1. */
      readonly share: number | null
      /** How often it was a hit. */
      readonly hits: number
      /** How often it was recorded. */
      readonly total: number
    }
  | {
      /** A distribution. */
      readonly kind: 'trend'
      /** In the unit of what was recorded. */
      readonly summary: LatencySummary
      /** All values, in the unit of what was recorded, whatever the names of its fields say. */
      readonly histogram: SparseHistogram
    }

/** What the scenario's own metrics recorded, by name. */
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
