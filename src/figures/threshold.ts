import { kindsOf, type MetricKinds } from '../engine/custom-metrics.ts'
import type { ThresholdResult, Unit } from '../engine/result.ts'
import { MailstormError } from '../error.ts'
import { nearest } from '../nearest.ts'
import {
  customMetricNamed,
  customNames,
  KNOWN_METRICS,
  type Measured,
  type Metric,
  type MetricTable,
  metricNamed,
} from './metrics.ts'

const COMPARISONS = ['<', '<=', '>', '>=', '==', '!='] as const
type Comparison = (typeof COMPARISONS)[number]

/** A limit on one metric of a run, in k6's syntax: `p(99)<1000`. Plain data. */
export interface Threshold {
  /** As written, without spaces; also the title of its test. */
  readonly expression: string
  readonly metric: string
  readonly comparison: Comparison
  /** In the metric's unit: milliseconds, a share from 0 to 1, a count, or messages per second. */
  readonly limit: number
}

const HOLDS: Readonly<Record<Comparison, (value: number, limit: number) => boolean>> = {
  '<': (value, limit) => value < limit,
  '<=': (value, limit) => value <= limit,
  '>': (value, limit) => value > limit,
  '>=': (value, limit) => value >= limit,
  '==': (value, limit) => value === limit,
  '!=': (value, limit) => value !== limit,
}

const GRAMMAR = /^([^<>=!]+)(<=|>=|==|!=|<|>)(-?\d+(?:\.\d+)?)([a-z%]*)$/

/**
 * Reads `<metric><comparison><number>` and checks that the metric is known, `custom` being those that
 * the scenario adds, and that the limit has a sense.
 */
export function parseThreshold(text: string, custom: MetricKinds = {}): Threshold {
  return parseThresholdOn(text, loadMetrics(custom))
}

/** The same for any kind of run, by the metrics that it has. */
export function parseThresholdOn<Run>(text: string, metrics: MetricTable<Run>): Threshold {
  const expression = text.replaceAll(/\s+/g, '')
  const parts = GRAMMAR.exec(expression)
  if (parts === null) {
    throw badThreshold(
      text,
      'it is not <metric><comparison><number>.',
      `Comparisons: ${COMPARISONS.join(' ')}. Examples: p(99)<1000, success_rate>=0.99, lost==0.`,
    )
  }
  const [, name = '', comparison, digits, unit = ''] = parts
  const metric = knownMetric(text, name, metrics)
  // 95 · 0.01 is 0.9500000000000001 in binary.
  const limit = Number((Number(digits) * scaleOf(text, metric, unit)).toPrecision(15))
  const threshold = { expression, metric: metric.name, comparison: comparison as Comparison, limit }
  checkLimit(text, threshold, metric)
  return Object.freeze(threshold)
}

function badThreshold(text: string, why: string, hint?: string): MailstormError {
  return new MailstormError('BAD_THRESHOLD', `Failed to read the threshold "${text}": ${why}`, hint)
}

function loadMetrics(custom: MetricKinds): MetricTable<Measured> {
  const own = customNames(custom)
  return {
    known: [...KNOWN_METRICS, ...own],
    summary: `${summaryOfKnown()}${own.length === 0 ? '' : `\n    the scenario's own: ${own.join(', ')}`}`,
    named: (name) => metricNamed(name, custom),
  }
}

function knownMetric<Run>(text: string, name: string, metrics: MetricTable<Run>): Metric<Run> {
  const metric = metrics.named(name)
  if (typeof metric === 'string') throw badThreshold(text, metric)
  if (metric !== undefined) return metric
  const meant = nearestMetric(name, metrics.known)
  // Who only mistyped it is not made to read them all.
  if (meant !== undefined) throw badThreshold(text, `there is no metric "${name}". Did you mean ${meant}?`)
  throw badThreshold(
    text,
    `there is no metric "${name}".`,
    `Known:${metrics.summary.startsWith('\n') ? '' : ' '}${metrics.summary}`,
  )
}

/** Compared without brackets, so that p99 is near to p(99) and not to max. */
function nearestMetric(name: string, metrics: readonly string[]): string | undefined {
  const percentile = /\d+(?:\.\d+)?/.exec(name)?.[0] ?? '99'
  const known = metrics.map((metric) => metric.replace('N', percentile))
  const bare = (metric: string) => metric.replaceAll(/[()]/g, '')
  const found = nearest(bare(name), known.map(bare))
  return known.find((metric) => bare(metric) === found)
}

const KINDS: Readonly<Record<Unit, string>> = {
  ms: 'times in ms',
  share: 'shares',
  count: 'counts',
  per_second: 'per second',
  number: 'others',
}

/** A line to each unit. Service time and phases share their aggregates, so they are named once instead of five times. */
function summaryOfKnown(): string {
  const parts = KNOWN_METRICS.filter((name) => name.includes('.'))
  const others = KNOWN_METRICS.filter((name) => !name.includes('.'))
  const names = [...new Set(parts.map((name) => name.split('.')[0]))]
  const unitOfName = (name: string) => {
    const metric = metricNamed(name.replace('N', '99'))
    return metric === undefined || typeof metric === 'string' ? 'number' : metric.unit
  }
  const lines = [...Map.groupBy(others, unitOfName)].map(
    ([unit, ofUnit]) => `\n    ${KINDS[unit]}: ${ofUnit.join(', ')}`,
  )
  return `${lines.join('')}\n    of ${names.join(', ')} too: connect.p(99)`
}

type Limited = Omit<Metric, 'read'>

function scaleOf(text: string, metric: Limited, unit: string): number {
  if (unit === '') return 1
  if (metric.unit === 'ms' && unit === 'ms') return 1
  if (metric.unit === 'ms' && unit === 's') return 1000
  if (metric.inPercent === true && unit === '%') return 0.01
  const allowed = {
    ms: 'a time is in milliseconds or has ms or s behind it',
    share: 'a share is a number between 0 and 1',
    count: 'a count is a number alone',
    per_second: 'a rate is in messages per second, a number alone',
    number: 'its unit is not known: give a number alone',
  }
  throw badThreshold(
    text,
    `"${unit}" cannot stand behind the limit of ${metric.name}; ${allowed[metric.unit]}.`,
  )
}

function checkLimit(text: string, { comparison, limit, metric: name }: Threshold, metric: Limited): void {
  if (metric.signed) return
  if (limit < 0) throw badThreshold(text, `${name} is never negative.`)
  if (metric.unit === 'share' && limit > 1) {
    const meant =
      limit <= 100 ? `${name}${comparison}${Number((limit / 100).toPrecision(12))}` : `${name}>=0.99`
    throw badThreshold(text, `the limit ${limit} is out of range.`, `It is a share between 0 and 1: ${meant}`)
  }
  if (metric.unit === 'count' && !Number.isInteger(limit)) {
    throw badThreshold(text, `${name} is a count, and ${limit} is not a whole number.`)
  }
  const most = name === 'success_rate' || name === 'error_rate' ? 1 : Number.POSITIVE_INFINITY
  const atMost = metric.atMost ?? most
  const always = (comparison === '>=' && limit === 0) || (comparison === '<=' && limit === atMost)
  const never = (comparison === '<' && limit === 0) || (comparison === '>' && limit === atMost)
  if (always) throw badThreshold(text, 'it can never fail.')
  if (never) throw badThreshold(text, 'it can never pass.')
}

/** Compares the run with the threshold. A metric without data has a verdict of its own. */
export function judge(threshold: Threshold, run: Measured): ThresholdResult {
  const custom = kindsOf(run.custom_metrics)
  const { unit, ...judged } = judgeOn(threshold, run, loadMetrics(custom))
  const isCustom = customMetricNamed(threshold.metric, custom) !== undefined
  return isCustom && unit !== undefined ? { ...judged, unit } : judged
}

/** The same for any kind of run; with the unit, which a metric's name alone may not tell. */
export function judgeOn<Run>(threshold: Threshold, run: Run, metrics: MetricTable<Run>): ThresholdResult {
  const { expression, metric: name, comparison, limit } = threshold
  const metric = knownMetric(expression, name, metrics)
  const reading = metric.read(run)
  const common = { expression, metric: name, limit, unit: metric.unit }
  if ('noData' in reading) return { ...common, value: null, verdict: 'no-data', reason: reading.noData }
  const verdict = HOLDS[comparison](reading.value, limit) ? 'pass' : 'fail'
  return { ...common, value: reading.value, verdict, ...(reading.note ? { reason: reading.note } : {}) }
}

/** Of a metric of load runs that is not the scenario's own; `expression`: for the error when there is none. */
function unitOf(expression: string, metric: string): Unit {
  return knownMetric(expression, metric, loadMetrics({})).unit
}

/** `p(99)<1000 — was 41 ms`; without a value, why there is none. */
export function describeThreshold(result: ThresholdResult): string {
  const { expression, value, verdict, reason } = result
  if (value === null) {
    const what = verdict === 'no-data' ? 'no data' : verdict
    return `${expression} — ${what}${reason === undefined ? '' : `: ${reason}`}`
  }
  const unit = result.unit ?? unitOf(expression, result.metric)
  const note = reason === undefined ? '' : ` (${reason})`
  return `${expression} — was ${withUnit(value, unit, result.limit)}${note}`
}

function withUnit(value: number, unit: Unit, limit: number): string {
  switch (unit) {
    case 'ms':
      return `${rounded(value, limit)} ms`
    case 'share':
      return `${rounded(percent(value), percent(limit))} %`
    case 'count':
      return value.toLocaleString('en-US')
    case 'per_second':
      return `${rounded(value, limit)}/s`
    case 'number':
      return rounded(value, limit)
    default:
      return unit satisfies never
  }
}

/** Through toPrecision, for 0.07 · 100 is 7.000000000000001 in binary. */
function percent(share: number): number {
  return Number((share * 100).toPrecision(15))
}

/** Three digits or all whole ones; more where fewer would put the value on the wrong side of its limit. */
function rounded(value: number, limit: number): string {
  const side = Math.sign(value - limit)
  let digits = Math.max(3, Math.trunc(value).toString().length)
  while (digits < 15 && Math.sign(Number(value.toPrecision(digits)) - limit) !== side) digits++
  return value.toLocaleString('en-US', { maximumSignificantDigits: digits })
}
