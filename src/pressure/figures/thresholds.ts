import { type LatencySummary, quantileMs, type SparseHistogram } from '../../engine/histogram.ts'
import type { ThresholdResult } from '../../engine/result.ts'
import type { Metric, MetricTable, Reading } from '../../figures/metrics.ts'
import { judgeOn, parseThresholdOn, type Threshold } from '../../figures/threshold.ts'
import type { PressureResult, PressureVerification } from '../result.ts'

/** What thresholds of pressure runs are judged by. */
export type PressureMeasured = Pick<PressureResult, 'metrics' | 'verification' | 'histograms'>

type Plain = Omit<Metric<PressureMeasured>, 'name'>
type Read<T> = (run: PressureMeasured) => T

const figure = (unit: Metric['unit'], pick: Read<number | null>, otherwise?: string): Plain => ({
  unit,
  ...(unit === 'share' ? { atMost: 1 } : {}),
  read: (run) => (run.metrics.total_messages === 0 ? NOTHING : readingOf(pick(run), otherwise)),
})
const NOTHING: Reading = { noData: 'no message was handed over' }

type Counted = {
  [K in keyof PressureVerification]: PressureVerification[K] extends number | null ? K : never
}[Exclude<keyof PressureVerification, 'why_not'>]

const verified = (kind: Counted): Plain => ({
  unit: 'count',
  read: (run) => {
    const { why_not: whyNot = 'it could not be checked' } = run.verification
    return run.metrics.total_messages === 0 ? NOTHING : readingOf(run.verification[kind], whyNot)
  },
})

const NO_METRICS = 'the proxy’s metrics could not be read'

const PLAIN: Readonly<Record<string, Plain>> = {
  success_rate: figure('share', (run) => run.metrics.success_rate),
  lost: verified('lost'),
  duplicated: verified('duplicated'),
  corrupted: verified('corrupted'),
  unreported: verified('unreported'),
  misreported: verified('misreported'),
  still_queued: verified('still_queued'),
  unknown: verified('unknown'),
  missed_recipients: verified('missed_recipients'),
  errors: verified('errors'),
  delivered: verified('delivered'),
  throughput: figure('per_second', (run) => run.metrics.messages_per_second),
  throughput_ratio: figure('number', (run) => run.metrics.throughput_ratio, 'there is no run before it'),
  p95_ratio: figure('number', (run) => run.metrics.p95_ratio, 'there is no run before it with these tenants'),
  fairness: figure('number', (run) => run.metrics.fairness, 'fewer than two tenants had 20 plain messages'),
  cache_hit_rate: figure('share', (run) => run.metrics.cache_hit_rate, 'the proxy counted no lookup'),
  spared_fetches: figure(
    'share',
    (run) => run.metrics.delivery_cache_hit_rate,
    'no attachment came twice, so no fetch could be spared',
  ),
  dnd_periods: figure('count', (run) => run.metrics.dnd_periods),
  // Not named after DND: `-t dnd` would match its rows in every suite.
  disturbances: figure('count', (run) => run.metrics.dnd_violations),
  over_limit: figure('count', (run) => run.metrics.over_limit, 'no account has a limit'),
  deferred: figure('count', (run) => run.metrics.deferred, NO_METRICS),
  rate_limited: figure('count', (run) => run.metrics.rate_limited, NO_METRICS),
  peak_pending: figure('count', (run) => run.metrics.peak_pending, NO_METRICS),
  drain_seconds: figure('number', (run) => run.metrics.drain_seconds),
  proxy_memory_mb: figure(
    'number',
    (run) => megabytes(run.metrics.peak_proxy_memory_bytes),
    'it shares the test process; see test_memory_mb',
  ),
  test_memory_mb: figure('number', (run) => megabytes(run.metrics.peak_test_process_memory_bytes)),
}

const ALIASES: Readonly<Record<string, string>> = { messages_per_second: 'throughput' }

interface Source {
  readonly what: string
  summary(run: PressureMeasured): LatencySummary
  histogram?(run: PressureMeasured): SparseHistogram
}

/** Times by their prefix; the one without is from hand-over to sink. */
const SOURCES: Readonly<Record<string, Source>> = {
  '': {
    what: 'delivery',
    summary: (run) => run.metrics.end_to_end_ms,
    histogram: (run) => run.histograms.end_to_end,
  },
  'report_lag.': {
    what: 'report of a delivery',
    summary: (run) => run.metrics.report_lag_ms,
    histogram: (run) => run.histograms.report_lag,
  },
  'sync_response.': { what: 'sync call', summary: (run) => run.metrics.sync_response_ms },
  'dnd_resume.': {
    what: 'call after the end of a DND window',
    summary: (run) => run.metrics.dnd_resume_ms,
  },
}

const AGGREGATES = { avg: 'avg', min: 'min', max: 'max', med: 'p50' } as const
const KEPT = { 50: 'p50', 90: 'p90', 95: 'p95', 99: 'p99', 99.9: 'p99_9' } as const

/** All that a threshold of a pressure run can name. */
export const PRESSURE_METRICS: MetricTable<PressureMeasured> = {
  known: [...timeNames(), ...Object.keys(PLAIN), ...Object.keys(ALIASES)],
  summary: [...timeNames(), ...Object.keys(PLAIN), ...Object.keys(ALIASES)].join(', '),
  named(given) {
    const name = Object.hasOwn(ALIASES, given) ? (ALIASES[given] as string) : given
    const plain = Object.hasOwn(PLAIN, name) ? PLAIN[name] : undefined
    return plain === undefined ? timeNamed(name) : { name, ...plain }
  },
}

export function parsePressureThreshold(text: string): Threshold {
  return parseThresholdOn(text, PRESSURE_METRICS)
}

export function judgePressure(threshold: Threshold, run: PressureMeasured): ThresholdResult {
  return judgeOn(threshold, run, PRESSURE_METRICS)
}

function timeNames(): string[] {
  const aggregates = ['p(N)', ...Object.keys(AGGREGATES)]
  return Object.keys(SOURCES).flatMap((prefix) => aggregates.map((aggregate) => prefix + aggregate))
}

function timeNamed(name: string): Metric<PressureMeasured> | string | undefined {
  const [, prefix = '', aggregate, digits] =
    /^([a-z_]+\.)?(?:(avg|min|max|med)|p\((\d+(?:\.\d+)?)\))$/.exec(name) ?? []
  const source = Object.hasOwn(SOURCES, prefix) ? SOURCES[prefix] : undefined
  if (source === undefined || (aggregate === undefined && digits === undefined)) return undefined
  if (digits !== undefined) return percentile(name, source, Number(digits))
  const field = AGGREGATES[aggregate as keyof typeof AGGREGATES]
  return {
    name,
    unit: 'ms',
    read: (run) => readingOf(source.summary(run)[field], `no ${source.what} was seen`),
  }
}

function percentile(name: string, source: Source, percent: number): Metric<PressureMeasured> | string {
  if (percent > 100) return `a percentile is between 0 and 100, not ${percent}.`
  const otherwise = `no ${source.what} was seen`
  const { histogram } = source
  if (histogram !== undefined)
    return {
      name,
      unit: 'ms',
      read: (run) => readingOf(quantileMs(histogram(run), percent / 100), otherwise),
    }
  const field = Object.entries(KEPT).find(([kept]) => Number(kept) === percent)?.[1]
  if (field === undefined)
    return `of a ${source.what} only p(50), p(90), p(95), p(99), p(99.9), avg, min, max and med are kept.`
  return { name, unit: 'ms', read: (run) => readingOf(source.summary(run)[field], otherwise) }
}

function readingOf(value: number | null, otherwise = 'it was not measured'): Reading {
  return value === null || !Number.isFinite(value) ? { noData: otherwise } : { value }
}

function megabytes(bytes: number | null): number | null {
  return bytes === null ? null : bytes / 1024 ** 2
}
