import type { MetricKinds } from './custom-metrics.ts'
import { customMetricNamed } from './custom-metrics-threshold.ts'
import { type BaselineFigures, isComparable, worsening } from './regression.ts'
import type { LedgerResult, Result, Unit } from './result.ts'
import { dueMessages } from './result-metrics.ts'
import { LATENCY_NAMES, latencyMetricNamed } from './threshold-latency.ts'
import { finite, type Reading } from './threshold-reading.ts'

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
