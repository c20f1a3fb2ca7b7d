import type { MetricKinds } from './custom-metrics.ts'
import { customMetricNamed } from './custom-metrics-threshold.ts'
import { Histogram, type SparseHistogram } from './histogram.ts'
import { type BaselineFigures, isComparable, worsening } from './regression.ts'
import type { LatencySummary, LedgerResult, Result, Unit } from './result.ts'

/** What thresholds are judged by: the part of a Result that has figures. */
export type Measured = Pick<Result, 'metrics' | 'histograms' | 'ledger' | 'custom_metrics' | 'drift'> & {
  /** What `regression` compares with. */
  readonly baseline?: BaselineFigures
}

/** A metric's value in one run, with what must be said beside it; or why it has none. */
export type Reading = { readonly value: number; readonly note?: string } | { readonly noData: string }

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

/** Phases that a threshold can name, as in `connect.p(99)`; the sender's names. */
export const THRESHOLD_PHASES = [
  'connect',
  'tls',
  'greeting',
  'ehlo',
  'auth',
  'envelope',
  'data',
  'transfer',
  'accept',
  'quit',
] as const

const AGGREGATES = ['avg', 'min', 'max', 'med'] as const
type Aggregate = (typeof AGGREGATES)[number]

/** Phases keep no histogram, only these percentiles of their summary. */
const PHASE_PERCENTILES = { 50: 'p50', 90: 'p90', 95: 'p95', 99: 'p99', 99.9: 'p99_9' } as const

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
  error_rate: share((run) => finite(run.metrics.failed_messages / run.metrics.total_messages)),
  accepted: count((run) => finite(run.metrics.outcomes.accepted)),
  deferred: count((run) => finite(run.metrics.outcomes.deferred)),
  rejected: count((run) => finite(run.metrics.outcomes.rejected)),
  failed: count((run) => finite(run.metrics.outcomes.failed)),
  dropped: count((run) => finite(run.metrics.outcomes.dropped)),
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
  ...latencyNames(''),
  ...latencyNames('service_time.'),
  ...THRESHOLD_PHASES.flatMap((phase) => latencyNames(`${phase}.`)),
  ...Object.keys(PLAIN),
  ...Object.keys(ALIASES),
]

function latencyNames(prefix: string): string[] {
  return ['p(N)', ...AGGREGATES].map((aggregate) => prefix + aggregate)
}

/**
 * The metric of this name, `custom` being those that the scenario adds; a string says why there is none;
 * undefined when the name is not known.
 */
export function metricNamed(given: string, custom: MetricKinds = {}): Metric | string | undefined {
  const own = customMetricNamed(given, custom)
  if (own !== undefined) return own
  const name = Object.hasOwn(ALIASES, given) ? (ALIASES[given] as string) : given
  const plain = Object.hasOwn(PLAIN, name) ? PLAIN[name] : undefined
  if (plain !== undefined) return { name, ...plain }
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
  if (!THRESHOLD_PHASES.some((phase) => phase === prefix)) return undefined
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

function finite(value: number | null | undefined, otherwise = 'it was not measured'): Reading {
  if (value === null || value === undefined || !Number.isFinite(value)) return { noData: otherwise }
  return { value }
}

/** Counters of a run that planned nothing are all 0 and would pass for nothing. */
function planned(read: Metric['read']): Metric['read'] {
  return (run) => (run.metrics.total_messages > 0 ? read(run) : { noData: 'no message was planned' })
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
