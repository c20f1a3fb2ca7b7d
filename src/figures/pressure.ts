import type { LatencySummary } from '../engine/histogram.ts'
import type { PressureResult, PressureVerification } from '../pressure/result.ts'
import {
  DATA,
  DURATION,
  HIGHER_SHARE,
  LOWER_COUNT,
  MESSAGES,
  NOT_SUCCESSFUL,
  SPEED,
  successRate,
  TOTAL_MESSAGES,
  throughput,
} from './common.ts'
import {
  EVERY_AGGREGATE,
  type Figure,
  type Figures,
  figuresOf,
  type Latency,
  type Partly,
  shownOf,
} from './figure.ts'

/** A pressure run as some file may hold it, of any version. */
export type PressureRun = Partly<Pick<PressureResult, 'metrics' | 'verification'>> &
  Partial<Pick<PressureResult, 'histograms'>>

type Entry = Figure<PressureRun>

const PROXY = { group: 'Proxy' } as const
const NO_METRICS = 'the proxy’s metrics could not be read'

type Counted = {
  [K in keyof PressureVerification]: PressureVerification[K] extends number | null ? K : never
}[Exclude<keyof PressureVerification, 'why_not'>]

function verified(name: Counted): Entry {
  return {
    group: 'Integrity',
    name,
    title: name.replace('_', ' '),
    ...LOWER_COUNT,
    read({ verification }) {
      const count = verification?.[name]
      return count ?? { noData: verification?.why_not ?? 'it could not be checked' }
    },
  }
}

function megabytes(bytes: number | null | undefined): number | null {
  return typeof bytes === 'number' ? bytes / 1024 ** 2 : null
}

interface Side {
  readonly prefix: string
  readonly group: string
  /** Subject of the sentence "… was seen". */
  readonly what: string
}

function latency(
  { what, ...side }: Side,
  summary: (metrics: PressureRun['metrics']) => Partly<LatencySummary> | null | undefined,
): Latency<PressureRun> {
  return {
    ...side,
    shown: ['p(50)', 'p(95)', 'p(99)', 'max'],
    noData: `no ${what} was seen`,
    summaries: ({ metrics }) => [summary(metrics)],
  }
}

const LATENCIES: readonly Latency<PressureRun>[] = [
  {
    ...latency({ prefix: '', group: 'End to end', what: 'delivery' }, (metrics) => metrics?.end_to_end_ms),
    shown: EVERY_AGGREGATE,
    summaries: ({ metrics }) => [metrics?.end_to_end_ms, metrics?.latency_ms],
    histogram: ({ histograms }) => histograms?.end_to_end,
  },
  {
    ...latency(
      { prefix: 'report_lag', group: 'Report lag', what: 'report of a delivery' },
      (metrics) => metrics?.report_lag_ms,
    ),
    histogram: ({ histograms }) => histograms?.report_lag,
  },
  latency(
    { prefix: 'sync_response', group: 'Sync response', what: 'sync call' },
    (metrics) => metrics?.sync_response_ms,
  ),
  latency(
    { prefix: 'dnd_resume', group: 'Call after DND', what: 'call after the end of a DND window' },
    (metrics) => metrics?.dnd_resume_ms,
  ),
]

/** Figures of a pressure run. To add a figure, add an entry here. */
export const PRESSURE_FIGURES: Figures<PressureRun> = figuresOf<PressureRun>({
  nothing: ({ metrics }) => (metrics?.total_messages === 0 ? 'no message was handed over' : undefined),
  latencies: LATENCIES,
  list: [
    TOTAL_MESSAGES,
    successRate(({ metrics }) => metrics?.total_messages),
    NOT_SUCCESSFUL,
    // Same as success_rate, in messages.
    { ...verified('delivered'), ...MESSAGES, better: 'higher', compared: false },
    verified('lost'),
    verified('duplicated'),
    verified('corrupted'),
    verified('unreported'),
    verified('misreported'),
    verified('missed_recipients'),
    verified('unknown'),
    verified('errors'),
    verified('still_queued'),
    throughput(({ metrics }) => metrics?.messages_per_second),
    DURATION,
    DATA,
    {
      ...SPEED,
      name: 'drain_seconds',
      title: 'drain',
      unit: 'seconds',
      better: 'lower',
      read: ({ metrics }) => metrics?.drain_seconds,
    },
    {
      ...SPEED,
      name: 'throughput_ratio',
      title: 'throughput ratio',
      unit: 'factor',
      better: 'higher',
      noData: 'there is no run before it',
      read: ({ metrics }) => metrics?.throughput_ratio,
    },
    {
      ...SPEED,
      name: 'p95_ratio',
      title: 'p95 ratio',
      unit: 'factor',
      better: 'lower',
      noData: 'there is no run before it with these tenants',
      read: ({ metrics }) => metrics?.p95_ratio,
    },
    ...LATENCIES.flatMap(shownOf),
    {
      ...PROXY,
      ...HIGHER_SHARE,
      name: 'cache_hit_rate',
      title: 'cache hit rate',
      noData: 'the proxy counted no lookup',
      read: ({ metrics }) => metrics?.cache_hit_rate,
    },
    {
      ...PROXY,
      ...HIGHER_SHARE,
      name: 'spared_fetches',
      title: 'avoidable fetches avoided',
      noData: 'no attachment was sent twice, so no fetch could be avoided',
      read: ({ metrics }) => metrics?.delivery_cache_hit_rate,
    },
    {
      ...PROXY,
      name: 'dnd_periods',
      title: 'DND periods',
      unit: 'count',
      better: 'neither',
      read: ({ metrics }) => metrics?.dnd_periods,
    },
    {
      // Not named after DND: `-t dnd` would match their rows in every suite.
      ...PROXY,
      ...LOWER_COUNT,
      name: 'disturbances',
      title: 'DND violations',
      read: ({ metrics }) => metrics?.dnd_violations,
    },
    {
      ...PROXY,
      ...LOWER_COUNT,
      name: 'over_limit',
      title: 'over the rate limit',
      noData: 'no account has a limit',
      read: ({ metrics }) => metrics?.over_limit,
    },
    {
      ...PROXY,
      ...LOWER_COUNT,
      name: 'deferred',
      title: 'deferred',
      noData: NO_METRICS,
      read: ({ metrics }) => metrics?.deferred,
    },
    {
      ...PROXY,
      name: 'rate_limited',
      title: 'rate limited',
      unit: 'count',
      better: 'neither',
      noData: NO_METRICS,
      read: ({ metrics }) => metrics?.rate_limited,
    },
    {
      ...PROXY,
      name: 'fairness',
      title: 'slowest tenant to fastest',
      unit: 'factor',
      better: 'lower',
      noData: 'fewer than two tenants had 20 plain messages',
      read: ({ metrics }) => metrics?.fairness,
    },
    {
      ...PROXY,
      ...LOWER_COUNT,
      name: 'peak_pending',
      title: 'peak pending',
      noData: NO_METRICS,
      read: ({ metrics }) => metrics?.peak_pending,
    },
    {
      ...PROXY,
      name: 'proxy_memory_mb',
      title: 'peak memory of the proxy',
      unit: 'megabytes',
      better: 'lower',
      noData: 'it shares the test process; see test_memory_mb',
      read: ({ metrics }) => megabytes(metrics?.peak_proxy_memory_bytes),
    },
    {
      ...PROXY,
      name: 'test_memory_mb',
      title: 'peak memory of the tests',
      unit: 'megabytes',
      better: 'lower',
      read: ({ metrics }) => megabytes(metrics?.peak_test_process_memory_bytes),
    },
  ],
})
