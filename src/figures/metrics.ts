import {
  type CustomMetricResult,
  METRIC_KINDS,
  type MetricKind,
  type MetricKinds,
} from '../engine/custom-metrics.ts'
import { Histogram, type LatencySummary, quantileMs, type SparseHistogram } from '../engine/histogram.ts'
import { dueMessages, type LedgerResult, type Result, type Unit } from '../engine/result.ts'
import { TRANSACTION_PHASES } from '../engine/sample.ts'
import { MailstormError } from '../error.ts'
import { type BaselineFigures, isComparable, worsening } from './regression.ts'

/** A metric's value in one run, with what must be said beside it; or why it has none. */
export type Reading = { readonly value: number; readonly note?: string } | { readonly noData: string }

/** What thresholds are judged by: the part of a Result that has figures. */
export type Measured = Pick<Result, 'metrics' | 'histograms' | 'ledger' | 'custom_metrics' | 'drift'> & {
  /** What `regression` compares with. */
  readonly baseline?: BaselineFigures
}

/** A figure of a run, `Run` being what it is read from: of a load run, unless told otherwise. */
export interface Metric<Run = Measured> {
  readonly name: string
  readonly unit: Unit
  /** Can be below zero. */
  readonly signed?: true
  readonly atMost?: number
  /** Its limit may be written in percent, as `regression<10%`. */
  readonly inPercent?: true
  read(run: Run): Reading
}

/** All that thresholds can name in one kind of run. */
export interface MetricTable<Run> {
  /** `p(N)` standing for any percentile. */
  readonly known: readonly string[]
  /** The same for people; may be shorter. */
  readonly summary: string
  /** A string says why there is none; undefined when the name is not known. */
  named(name: string): Metric<Run> | string | undefined
}

function finite(value: number | null | undefined, otherwise = 'it was not measured'): Reading {
  if (value === null || value === undefined || !Number.isFinite(value)) return { noData: otherwise }
  return { value }
}

const AGGREGATES = ['avg', 'min', 'max', 'med'] as const
type Aggregate = (typeof AGGREGATES)[number]

/** Phases keep no histogram, only these percentiles of their summary. */
const PHASE_PERCENTILES = { 50: 'p50', 90: 'p90', 95: 'p95', 99: 'p99', 99.9: 'p99_9' } as const

/** Of response time, service time and every phase. */
const LATENCY_NAMES: readonly string[] = [
  '',
  'service_time.',
  ...TRANSACTION_PHASES.map((phase) => `${phase}.`),
].flatMap((prefix) => ['p(N)', ...AGGREGATES].map((aggregate) => prefix + aggregate))

/** `p(99)`, `service_time.avg`, `connect.max`; a string says why there is none; undefined when the name is none of them. */
function latencyMetricNamed(name: string): Metric | string | undefined {
  const parts = /^(?:([a-z_]+)\.)?(?:(avg|min|max|med)|p\((\d+(?:\.\d+)?)\))$/.exec(name)
  if (parts === null) return undefined
  const source = latencySource(parts[1])
  if (source === undefined) return undefined
  if (parts[2] !== undefined) return aggregateOf(name, source, parts[2] as Aggregate)
  return percentileOf(name, source, Number(parts[3]))
}

interface LatencySource {
  /** As in "no connect was measured". */
  readonly what: string
  summary(run: Measured): LatencySummary | undefined
  histogram?(run: Measured): SparseHistogram
}

function latencySource(prefix: string | undefined): LatencySource | undefined {
  if (prefix === undefined) {
    return {
      what: 'response time',
      summary: (run) => run.metrics.response_time_ms,
      histogram: (run) => run.histograms.response_time,
    }
  }
  if (prefix === 'service_time') {
    return {
      what: 'service time',
      summary: (run) => run.metrics.service_time_ms,
      histogram: (run) => run.histograms.service_time,
    }
  }
  if (!TRANSACTION_PHASES.some((phase) => phase === prefix)) return undefined
  return { what: `${prefix} phase`, summary: (run) => run.metrics.phases_ms[prefix] }
}

function aggregateOf(name: string, source: LatencySource, aggregate: Aggregate): Metric {
  const field = aggregate === 'med' ? 'p50' : aggregate
  return { name, unit: 'ms', read: (run) => finite(source.summary(run)?.[field], unmeasured(source)) }
}

function percentileOf(name: string, source: LatencySource, percent: number): Metric | string {
  if (percent > 100) return `a percentile is between 0 and 100, not ${percent}.`
  const { histogram } = source
  if (histogram !== undefined) {
    const read: Metric['read'] = (run) => {
      const all = new Histogram()
      all.merge(histogram(run))
      return finite(all.quantile(percent / 100), unmeasured(source))
    }
    return { name, unit: 'ms', read }
  }
  const field = Object.entries(PHASE_PERCENTILES).find(([known]) => Number(known) === percent)?.[1]
  if (field === undefined) {
    const kept = ['50', '90', '95', '99', '99.9'].map((known) => `p(${known})`).join(', ')
    return `phases keep only ${kept}, avg, min, max and med; any other percentile only p(N) and service_time.p(N) have.`
  }
  return { name, unit: 'ms', read: (run) => finite(source.summary(run)?.[field], unmeasured(source)) }
}

function unmeasured(source: LatencySource): string {
  return `no ${source.what} was measured`
}

type Plain = Omit<Metric, 'name'>
const count = (read: Metric['read']): Plain => ({ unit: 'count', read: planned(read) })
const ledgerCount = (kind: 'lost' | 'duplicated' | 'corrupted' | 'unacknowledged'): Plain =>
  count((run) => ledgerReading(run.ledger, kind))
const share = (read: Metric['read']): Plain => ({ unit: 'share', read: planned(read) })
const perSecond = (read: Metric['read']): Plain => ({ unit: 'per_second', read: planned(read) })
/** The steepest slope of its kind, in so many units per hour: ms of response time, MB of a server's memory. */
const drift = (unit: 'ms' | 'bytes', per: number): Plain => ({
  unit: 'number',
  signed: true,
  read({ drift: rows = [] }) {
    const slopes = rows.filter((row) => row.unit === unit).map(({ per_hour }) => per_hour / per)
    if (slopes.length > 0) return { value: Math.max(...slopes) }
    return { noData: 'no slope could be fitted: it takes five minutes of a load at a rate or for a time' }
  },
})

const PLAIN: Readonly<Record<string, Plain>> = {
  success_rate: share((run) => finite(run.metrics.success_rate)),
  // Not 1 − success_rate: 1 − 0.99 is more than 0.01 in binary and would fail error_rate<=0.01.
  error_rate: share((run) => finite(run.metrics.failed_messages / dueMessages(run.metrics))),
  accepted: count((run) => finite(run.metrics.outcomes.accepted)),
  deferred: count((run) => finite(run.metrics.outcomes.deferred)),
  rejected: count((run) => finite(run.metrics.outcomes.rejected)),
  failed: count((run) => finite(run.metrics.outcomes.failed)),
  dropped: count((run) => finite(run.metrics.outcomes.dropped)),
  not_reached: count((run) => finite(run.metrics.outcomes.not_reached)),
  connection_errors: count((run) => finite(run.metrics.connection_errors)),
  recipients_refused: count((run) => finite(run.metrics.recipients_refused)),
  lost: ledgerCount('lost'),
  duplicated: ledgerCount('duplicated'),
  corrupted: ledgerCount('corrupted'),
  unacknowledged: ledgerCount('unacknowledged'),
  rate: perSecond((run) => finite(run.metrics.rate)),
  rate_error: share((run) =>
    finite(run.metrics.rate_error, 'the workload has no target rate to be compared with'),
  ),
  throughput: perSecond((run) => finite(run.metrics.throughput)),
  p99_drift: drift('ms', 1),
  memory_drift: drift('bytes', 1_048_576),
  regression: { ...share(regressionReading), inPercent: true },
}

const ALIASES: Readonly<Record<string, string>> = { messages_per_second: 'throughput' }

/** All metrics as a user writes them, `p(N)` standing for any percentile. */
export const KNOWN_METRICS: readonly string[] = [
  ...LATENCY_NAMES,
  ...Object.keys(PLAIN),
  ...Object.keys(ALIASES),
]

/**
 * The metric of this name, `custom` being those that the scenario adds; a string says why there is none;
 * undefined when the name is not known.
 */
export function metricNamed(given: string, custom: MetricKinds = {}): Metric | string | undefined {
  const own = customMetricNamed(given, custom)
  if (own !== undefined) return own
  const name = Object.hasOwn(ALIASES, given) ? (ALIASES[given] as string) : given
  const plain = Object.hasOwn(PLAIN, name) ? PLAIN[name] : undefined
  return plain === undefined ? latencyMetricNamed(name) : { name, ...plain }
}

/** Counters of a run in which nothing was due are all 0 and would pass for nothing. */
function planned(read: Metric['read']): Metric['read'] {
  return (run) => (dueMessages(run.metrics) > 0 ? read(run) : { noData: 'no message was due' })
}

function regressionReading({ baseline, metrics }: Measured): Reading {
  if (baseline === undefined) return { noData: 'the scenario names no baseline' }
  if (baseline.incomparable !== undefined) return { noData: baseline.incomparable }
  if (!isComparable(baseline, metrics))
    return { noData: `baseline ${baseline.name} has no figure of this run` }
  const { share: value, what } = worsening(baseline, metrics)
  const notes = [what, baseline.note].filter((note) => note !== undefined)
  return { value, ...(notes.length === 0 ? {} : { note: notes.join('; ') }) }
}

function ledgerReading(ledger: LedgerResult, kind: Parameters<typeof ledgerCount>[0]): Reading {
  if (!ledger.verified) return { noData: ledger.why_not ?? 'the target keeps no ledger' }
  return finite(ledger[kind])
}

/** How a threshold names a custom metric of each kind, `x` being its name. */
const FORMS: Readonly<Record<MetricKind, readonly string[]>> = {
  counter: ['x', 'x.rate'],
  gauge: ['x', 'x.min', 'x.max'],
  rate: ['x'],
  trend: ['x.p(N)', 'x.avg', 'x.min', 'x.max', 'x.med'],
}

/** All that a threshold can name of these metrics, `p(N)` standing for any percentile. */
export function customNames(kinds: MetricKinds): string[] {
  return Object.entries(kinds).flatMap(([name, kind]) => formsOf(name, kind))
}

function formsOf(name: string, kind: MetricKind): string[] {
  return FORMS[kind].map((form) => form.replace('x', name))
}

/** The figure of a custom metric; a string says why there is none; undefined when it is not a custom one. */
export function customMetricNamed(given: string, kinds: MetricKinds): Metric | string | undefined {
  const [, name = '', aggregate] = /^([a-z][a-z0-9_]*)(?:\.(.+))?$/.exec(given) ?? []
  const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined
  if (kind === undefined) return undefined
  const figure = figureOf(name, kind, aggregate)
  if (typeof figure === 'string') return figure
  if (figure === undefined) return `${name} is a ${kind}: it has ${formsOf(name, kind).join(', ')}.`
  const { pick, ...metric } = figure
  return { name: given, ...metric, read: (run) => readingOf(run, name, pick) }
}

type Figure = Omit<Metric, 'name' | 'read'> & { pick(result: CustomMetricResult): number | null | undefined }

function figureOf(
  name: string,
  kind: MetricKind,
  aggregate: string | undefined,
): Figure | string | undefined {
  switch (kind) {
    case 'counter':
      return counterFigure(aggregate)
    case 'gauge':
      return gaugeFigure(aggregate)
    case 'rate':
      if (aggregate !== undefined) return undefined
      return { unit: 'share', atMost: 1, pick: (result) => (result.kind === 'rate' ? result.share : null) }
    case 'trend':
      return trendFigure(name, aggregate)
    default:
      return kind satisfies never
  }
}

function counterFigure(aggregate: string | undefined): Figure | undefined {
  if (aggregate === undefined)
    return { unit: 'number', pick: (result) => (result.kind === 'counter' ? result.sum : null) }
  if (aggregate !== 'rate') return undefined
  return { unit: 'per_second', pick: (result) => (result.kind === 'counter' ? result.per_second : null) }
}

function gaugeFigure(aggregate = 'value'): Figure | undefined {
  if (aggregate !== 'value' && aggregate !== 'min' && aggregate !== 'max') return undefined
  return {
    unit: 'number',
    signed: true,
    pick: (result) => (result.kind === 'gauge' ? result[aggregate] : null),
  }
}

const SUMMARY_FIELDS = { avg: 'avg', min: 'min', max: 'max', med: 'p50' } as const

/** What is called `…_ms` is shown in milliseconds; of anything else the unit is not known. */
function trendFigure(name: string, aggregate = ''): Figure | string | undefined {
  const unit = name.endsWith('_ms') ? 'ms' : 'number'
  if (Object.hasOwn(SUMMARY_FIELDS, aggregate)) {
    const field = SUMMARY_FIELDS[aggregate as keyof typeof SUMMARY_FIELDS]
    return { unit, pick: (result) => (result.kind === 'trend' ? result.summary[field] : null) }
  }
  const digits = /^p\((\d+(?:\.\d+)?)\)$/.exec(aggregate)?.[1]
  if (digits === undefined) return undefined
  const share = Number(digits) / 100
  if (share > 1) return `a percentile is between 0 and 100, not ${digits}.`
  return { unit, pick: (result) => (result.kind === 'trend' ? quantileMs(result.histogram, share) : null) }
}

function readingOf(run: Measured, name: string, pick: Figure['pick']): ReturnType<Metric['read']> {
  const result = run.custom_metrics?.[name]
  const value = result === undefined ? null : pick(result)
  if (value === null || value === undefined || Number.isNaN(value))
    return { noData: `no hook recorded ${name}` }
  return { value }
}

const NAME = /^[a-z][a-z0-9_]*$/
/** `connect.p(95)` must stay the phase's. */
const TAKEN: ReadonlySet<string> = new Set(KNOWN_METRICS.map((name) => name.split('.')[0] ?? name))

/** Refuses names that thresholds could not tell apart, and kinds that there are not. Names all problems. */
export function checkMetricKinds(kinds: MetricKinds): void {
  const problems = Object.entries(kinds).flatMap(([name, kind]) => problemsOf(name, kind))
  if (problems.length === 0) return
  throw new MailstormError(
    'BAD_METRIC',
    ["Failed to read the scenario's own metrics:", ...problems].join('\n  '),
  )
}

function problemsOf(name: string, kind: string): string[] {
  const problems: string[] = []
  if (!NAME.test(name))
    problems.push(`"${name}" is no name: small letters, digits and _ are allowed, a letter first.`)
  else if (TAKEN.has(name)) problems.push(`"${name}" is a metric of mailstorm's: choose another name.`)
  if (!METRIC_KINDS.some((known) => known === kind))
    problems.push(`"${name}" cannot be a "${kind}": the kinds are ${METRIC_KINDS.join(', ')}.`)
  return problems
}
