import type { LatencySummary } from '../engine/histogram.ts'
import type { Metrics, Result } from '../engine/result.ts'
import { TRANSACTION_PHASES } from '../engine/sample.ts'
import {
  DATA,
  DURATION,
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
  type Reading,
  shownOf,
} from './figure.ts'
import { type BaselineFigures, isComparable, worsening } from './regression.ts'

/** What thresholds are judged on: the parts of a Result that have figures. */
export type Measured = Pick<Result, 'metrics' | 'histograms' | 'ledger' | 'custom_metrics' | 'drift'> &
  Partial<Pick<Result, 'resource_usage' | 'generator' | 'delivery' | 'next_hop' | 'retries'>> & {
    /** Reference of `regression`. */
    readonly baseline?: BaselineFigures
  }

/** An SMTP run as some file may hold it: of any version of ours, or of the older generator. */
export type SmtpRun = Omit<Partly<Measured>, 'histograms' | 'custom_metrics' | 'baseline'> &
  Partial<Pick<Measured, 'histograms' | 'custom_metrics' | 'baseline'>>

type Entry = Figure<SmtpRun>

const RESOURCES = { group: 'Resources' } as const

/** Undefined when the file does not say. */
function dueOf({ metrics }: SmtpRun): number | undefined {
  const { total_messages: total, outcomes } = metrics ?? {}
  // Files of the older generator and of our first versions do not count these separately.
  const { broken_off: brokenOff } = metrics ?? {}
  return typeof total === 'number' ? total - (outcomes?.not_reached ?? 0) - (brokenOff ?? 0) : undefined
}

/** Not 1 − success_rate: in binary 1 − 0.99 exceeds 0.01 and would fail error_rate<=0.01. */
function errorRate(run: SmtpRun): number | undefined {
  const due = dueOf(run)
  const failed = run.metrics?.failed_messages
  return due === undefined || typeof failed !== 'number' ? undefined : failed / due
}

function outcome(name: 'accepted' | 'deferred' | 'rejected' | 'failed' | 'dropped' | 'not_reached'): Entry {
  const read: Entry['read'] = ({ metrics }) => metrics?.outcomes?.[name]
  return { ...MESSAGES, ...LOWER_COUNT, name, title: name.replace('_', ' '), read }
}

function ledgerCount(name: 'lost' | 'duplicated' | 'corrupted' | 'unacknowledged'): Entry {
  return {
    group: 'Integrity',
    name,
    title: name,
    ...LOWER_COUNT,
    read({ ledger }) {
      if (ledger?.verified === false) return { noData: ledger.why_not ?? 'the target keeps no ledger' }
      return ledger?.[name] ?? whyUncertain(ledger?.account)
    },
  }
}

type AccountPart = NonNullable<SmtpRun['ledger']>['account']

/** Why nothing can be said of a count that is null, although the run was verified behind its servers. */
function whyUncertain(account: AccountPart): Reading | undefined {
  if (account?.in_transit) return { noData: `${account.in_transit} were still in transit` }
  return account?.not_verifiable
    ? { noData: `cannot verify ${account.not_verifiable} of them: ${account.cannot_verify}` }
    : undefined
}

function accountCount(name: 'bounced' | 'misrouted' | 'in_transit', title = name.replace('_', ' ')): Entry {
  return {
    group: 'Integrity',
    name,
    title,
    ...LOWER_COUNT,
    noData: NOT_VERIFIED,
    read({ ledger }) {
      if (ledger?.verified === false) return { noData: ledger.why_not ?? NOT_VERIFIED }
      return ledger?.account?.[name]
    },
  }
}

/** Why there is nothing from behind the servers. */
const NOT_VERIFIED = 'nothing was looked for behind the servers: STRESS_VERIFY'

/** Of what arrived behind the servers. */
function delivered(
  name: string,
  entry: Pick<Entry, 'title' | 'unit' | 'better'>,
  read: (delivery: SmtpRun['delivery']) => number | null | undefined,
): Entry {
  return { group: 'End-to-end time', name, ...entry, noData: NOT_VERIFIED, read: (run) => read(run.delivery) }
}

/** From the return of the next hop of a relay scenario; of any other run from the last acknowledgement. */
function drainTime({ delivery, next_hop: rows = [] }: SmtpRun): number | null | undefined {
  const back = rows?.findLast((row) => typeof row?.drain_seconds === 'number')
  // One part alone has its own mail, and not the queue.
  return (rows?.length ?? 0) > 1 && back !== undefined ? back?.drain_seconds : delivery?.drain_seconds
}

/** Use of all servers (or containers) of a run together. */
function usage(kind: 'cpu_percent' | 'memory_bytes', key: 'avg' | 'max'): Entry['read'] {
  return ({ resource_usage: all }) => {
    const values = Object.values(all ?? {}).map((service) => service?.[kind]?.[key])
    const known = values.filter((value) => typeof value === 'number')
    return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0)
  }
}

/**
 * The steepest slope of its kind that is proven, in the given unit per hour: the bound of the 95 % interval that is nearer
 * to 0, and 0 where the interval includes it. A gate on the slope itself would fail runs over a step that came late.
 */
function steepest(unit: 'ms' | 'bytes', per: number): Entry['read'] {
  return ({ drift }) => {
    const rows = Array.isArray(drift) ? drift : []
    const slopes = rows.flatMap((row) => {
      if (row?.unit !== unit || typeof row.per_hour !== 'number') return []
      const { per_hour: slope, low_per_hour: low = slope, high_per_hour: high = slope } = row
      return Math.max(low, Math.min(high, 0)) / per
    })
    return slopes.length === 0 ? null : Math.max(...slopes)
  }
}

const DRIFT = {
  ofParts: false,
  group: 'Drift',
  better: 'lower',
  signed: true,
  noData: 'no slope could be fitted: it takes five minutes of a load at a rate or for a time',
} as const

function regression({ baseline, metrics }: SmtpRun): Reading {
  if (baseline === undefined) return { noData: 'the scenario names no baseline' }
  if (baseline.incomparable !== undefined) return { noData: baseline.incomparable }
  // Only runs of this process have one, and their figures are complete.
  const whole = metrics as Metrics
  if (!isComparable(baseline, whole)) return { noData: `baseline ${baseline.name} has no figure of this run` }
  const { share: value, what } = worsening(baseline, whole)
  const notes = [what, baseline.note].filter((note) => note !== undefined)
  return { value, ...(notes.length === 0 ? {} : { note: notes.join('; ') }) }
}

/** The first files of the older generator used other names for these three, and had no percentiles. */
function oldestTimes(metrics: SmtpRun['metrics']): Partly<LatencySummary> {
  return {
    avg: metrics?.avg_response_time_ms,
    min: metrics?.min_response_time_ms,
    max: metrics?.max_response_time_ms,
  }
}

/** Group of all phases. */
export const PHASES = 'Phases'

function phase(name: (typeof TRANSACTION_PHASES)[number]): Latency<SmtpRun> {
  return {
    prefix: name,
    group: PHASES,
    title: name,
    shown: ['p(50)', 'p(95)', 'p(99)'],
    noData: `no ${name} phase was measured`,
    summaries: ({ metrics }) => [metrics?.phases_ms?.[name]],
  }
}

const NO_RETRIES = 'no message had a further attempt: STRESS_RETRIES'

const LATENCIES: readonly Latency<SmtpRun>[] = [
  {
    prefix: '',
    group: 'Response time',
    shown: EVERY_AGGREGATE,
    noData: 'no response time was measured',
    summaries: ({ metrics }) => [metrics?.response_time_ms, metrics?.latency_ms, oldestTimes(metrics)],
    histogram: ({ histograms }) => histograms?.response_time,
  },
  {
    prefix: 'service_time',
    group: 'Service time',
    shown: EVERY_AGGREGATE,
    noData: 'no service time was measured',
    summaries: ({ metrics }) => [metrics?.service_time_ms],
    histogram: ({ histograms }) => histograms?.service_time,
  },
  ...TRANSACTION_PHASES.map(phase),
  {
    prefix: 'e2e',
    group: 'End-to-end time',
    shown: EVERY_AGGREGATE,
    noData: NOT_VERIFIED,
    summaries: ({ delivery }) => [delivery?.end_to_end_ms],
    histogram: ({ histograms }) => histograms?.end_to_end,
  },
]

/** Figures of an SMTP run, of ours or the older generator's. To add a figure, add an entry here. */
export const SMTP_FIGURES: Figures<SmtpRun> = figuresOf<SmtpRun>({
  nothing: (run) => (dueOf(run) === 0 ? 'no message was due' : undefined),
  latencies: LATENCIES,
  list: [
    TOTAL_MESSAGES,
    successRate(dueOf),
    {
      ...MESSAGES,
      name: 'error_rate',
      title: 'error rate',
      unit: 'share',
      better: 'lower',
      atMost: 1,
      // The complement of success_rate.
      compared: false,
      read: errorRate,
    },
    NOT_SUCCESSFUL,
    // Same as success_rate, in messages.
    { ...outcome('accepted'), better: 'higher', compared: false },
    outcome('deferred'),
    outcome('rejected'),
    outcome('failed'),
    outcome('dropped'),
    outcome('not_reached'),
    {
      ...MESSAGES,
      ...LOWER_COUNT,
      name: 'connection_errors',
      title: 'connection errors',
      read: ({ metrics }) => metrics?.connection_errors,
    },
    {
      ...MESSAGES,
      ...LOWER_COUNT,
      name: 'recipients_refused',
      title: 'recipients refused',
      read: ({ metrics }) => metrics?.recipients_refused,
    },
    {
      ...MESSAGES,
      ...LOWER_COUNT,
      name: 'reconnects',
      title: 'reconnects',
      read: ({ metrics }) => metrics?.reconnects,
    },
    {
      ...MESSAGES,
      ...LOWER_COUNT,
      name: 'session_failures',
      title: 'sessions ended badly',
      read: ({ metrics }) => metrics?.session_failures,
    },
    {
      ...MESSAGES,
      name: 'first_attempt_success_rate',
      title: 'success rate of first attempts',
      unit: 'share',
      better: 'higher',
      atMost: 1,
      ofParts: false,
      noData: NO_RETRIES,
      read: ({ retries }) => retries?.first_attempt?.success_rate,
    },
    {
      ...MESSAGES,
      ...LOWER_COUNT,
      name: 'further_attempts',
      title: 'further attempts',
      ofParts: false,
      noData: NO_RETRIES,
      read: ({ retries }) => retries?.attempts,
    },
    ledgerCount('lost'),
    ledgerCount('duplicated'),
    ledgerCount('corrupted'),
    ledgerCount('unacknowledged'),
    accountCount('bounced'),
    accountCount('misrouted'),
    accountCount('in_transit'),
    throughput(({ metrics }) => metrics?.messages_per_second ?? metrics?.throughput),
    DURATION,
    DATA,
    {
      ...SPEED,
      name: 'rate',
      title: 'rate in the window',
      unit: 'per_second',
      better: 'higher',
      read: ({ metrics }) => metrics?.rate,
    },
    {
      ...SPEED,
      name: 'rate_error',
      title: 'rate error',
      unit: 'share',
      better: 'lower',
      noData: 'the workload has no target rate to compare with',
      read: ({ metrics }) => metrics?.rate_error,
    },
    {
      ...SPEED,
      name: 'regression',
      title: 'regression',
      unit: 'share',
      better: 'lower',
      inPercent: true,
      ofParts: false,
      // It is a comparison itself.
      compared: false,
      read: regression,
    },
    delivered(
      'delivered_rate',
      { title: 'delivered', unit: 'per_second', better: 'higher' },
      (delivery) => delivery?.delivered_per_second,
    ),
    delivered(
      'deepest_queue',
      { title: 'deepest queue', ...LOWER_COUNT },
      (delivery) => delivery?.most_in_between,
    ),
    {
      ...delivered('drain_time', { title: 'drain time', unit: 'seconds', better: 'lower' }, () => null),
      read: drainTime,
    },
    ...LATENCIES.flatMap(shownOf),
    {
      ...DRIFT,
      name: 'p99_drift',
      title: 'p99 of response time',
      unit: 'ms_per_hour',
      read: steepest('ms', 1),
    },
    {
      ...DRIFT,
      name: 'memory_drift',
      title: 'memory of a server',
      unit: 'megabytes_per_hour',
      read: steepest('bytes', 1_048_576),
    },
    {
      ...RESOURCES,
      name: 'servers_cpu',
      title: 'CPU of the servers',
      unit: 'percent',
      better: 'lower',
      read: usage('cpu_percent', 'avg'),
    },
    {
      ...RESOURCES,
      name: 'servers_memory',
      title: 'memory of the servers',
      unit: 'bytes',
      better: 'lower',
      read: usage('memory_bytes', 'max'),
    },
    {
      ...RESOURCES,
      name: 'generator_cpu',
      title: 'CPU of the generator',
      unit: 'percent',
      better: 'neither',
      read: ({ generator }) => generator?.cpu_percent,
    },
    {
      ...RESOURCES,
      name: 'headroom',
      title: 'headroom of the generator',
      unit: 'factor',
      better: 'higher',
      // Of the machine that sends, not of the servers.
      compared: false,
      ofParts: false,
      noData: 'no calibration was asked for: STRESS_CALIBRATE=1',
      read: ({ generator }) => generator?.headroom?.ratio,
    },
    {
      ...RESOURCES,
      name: 'calibrated_rate',
      title: 'rate of the calibration',
      unit: 'per_second',
      better: 'neither',
      compared: false,
      ofParts: false,
      noData: 'no calibration was asked for: STRESS_CALIBRATE=1',
      read: ({ generator }) => generator?.headroom?.calibrated_per_second,
    },
  ],
})
