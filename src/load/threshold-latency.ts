import type { LatencySummary } from './histogram.ts'
import { Histogram, type SparseHistogram } from './histogram.ts'
import { TRANSACTION_PHASES } from './phases.ts'
import type { Measured, Metric } from './threshold-metric.ts'
import { finite } from './threshold-reading.ts'

const AGGREGATES = ['avg', 'min', 'max', 'med'] as const
type Aggregate = (typeof AGGREGATES)[number]

/** Phases keep no histogram, only these percentiles of their summary. */
const PHASE_PERCENTILES = { 50: 'p50', 90: 'p90', 95: 'p95', 99: 'p99', 99.9: 'p99_9' } as const

/** Of response time, service time and every phase. */
export const LATENCY_NAMES: readonly string[] = [
  '',
  'service_time.',
  ...TRANSACTION_PHASES.map((phase) => `${phase}.`),
].flatMap((prefix) => ['p(N)', ...AGGREGATES].map((aggregate) => prefix + aggregate))

/** `p(99)`, `service_time.avg`, `connect.max`; a string says why there is none; undefined when the name is none of them. */
export function latencyMetricNamed(name: string): Metric | string | undefined {
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
