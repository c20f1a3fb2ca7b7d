import {
  customRecordingOf,
  customResults,
  kindsOf,
  type MetricKinds,
  mergeCustom,
  shiftCustom,
} from '../../engine/custom-metrics.ts'
import { mergeSparse, type SparseHistogram, summarise } from '../../engine/histogram.ts'
import type { MergedFrom, Metrics, Result, ThresholdResult } from '../../engine/result.ts'
import { OUTCOMES, type Outcome } from '../../engine/sample.ts'
import { smtpFigures } from '../../figures/custom.ts'
import { endOf, judge, type Threshold } from '../../figures/threshold.ts'
import type { RunFile } from '../result-files.ts'
import { mergeDeliveries } from './accounts.ts'
import { addUp, mergeLatencies } from './latency.ts'
import {
  mergeAsides,
  mergeFailureRows,
  mergeGenerators,
  mergeLedgers,
  mergeMachines,
  mergeServers,
  mergeTimelines,
  mergeUsage,
  missingGenerators,
  startSkewMs,
} from './rows.ts'
import { type Share, sharesOf } from './share.ts'

/** Merges the results of a run's generators into one result. */
export function mergeResults(files: readonly RunFile[]): Result {
  const shares = sharesOf(files)
  const [first] = shares
  if (first === undefined) throw new RangeError('no part to merge')
  const { split, drift: _drift, search: _search, side_by_side: _rows, logs: _logs, ...whole } = first.result
  const { delivery: _delivery, ...base } = whole
  const histograms = mergeHistograms(shares)
  const metrics = mergeMetrics(shares, histograms)
  const ledger = mergeLedgers(
    shares.map(({ result }) => result.ledger),
    (index) => `generator ${shares[index]?.split.index}`,
  )
  const { delivery } = mergeDeliveries(shares.map(({ result }) => result))
  const custom = { ...mergeCustomMetrics(shares, metrics), ...(delivery === undefined ? {} : { delivery }) }
  const asides = mergeAsides(shares)
  const { retries } = asides
  const figures = { metrics, histograms, ledger, ...custom, ...(retries === undefined ? {} : { retries }) }
  const thresholds = rejudge(shares, figures)
  const partialReason = whyPartial(shares)
  return {
    ...base,
    run_id: split?.shared_run_id ?? base.run_id,
    stamp: shares.map(({ result }) => result.stamp).toSorted()[0] ?? base.stamp,
    ...endOf(partialReason, { thresholds, successRate: metrics.success_rate }),
    servers: [...new Set(shares.flatMap(({ result }) => result.servers))],
    concurrent_workers: shares.reduce((sum, { result }) => sum + result.concurrent_workers, 0),
    target_rate: targetRate(shares),
    metrics,
    ...custom,
    workload: { ...base.workload, planned: metrics.total_messages, ...workloadSums(shares) },
    thresholds,
    failures: mergeFailureRows(shares),
    ...asides,
    observations: observationsOf(shares, metrics),
    per_server: mergeServers(shares),
    ledger,
    resource_usage: mergeUsage(shares),
    timeline: mergeTimelines(shares),
    histograms,
    generator: mergeGenerators(shares),
    machine: mergeMachines(shares),
    merged: mergedFrom(shares),
  }
}

function mergedFrom(shares: readonly Share[]): MergedFrom {
  return {
    generators: shares[0]?.split.generators ?? shares.length,
    start_skew_ms: startSkewMs(shares),
    parts: shares.map(({ result, split, offsetMs }) => ({
      index: split.index,
      run_id: result.run_id,
      started_at: split.started_at,
      after_first_ms: offsetMs,
      start_late_ms: split.start_late_ms,
      total_messages: result.metrics.total_messages,
      messages_per_second: result.metrics.messages_per_second,
    })),
  }
}

/** Values that each generator reports for its own part. */
function workloadSums(shares: readonly Share[]): Partial<Result['workload']> {
  const sum = (name: 'workers' | 'max_sessions') =>
    shares.reduce((total, { result }) => total + result.workload[name], 0)
  return { workers: sum('workers'), max_sessions: sum('max_sessions'), rate_per_second: targetRate(shares) }
}

function mergeCustomMetrics(shares: readonly Share[], metrics: Metrics): Pick<Result, 'custom_metrics'> {
  // On the run's time axis, not on each generator's.
  const recordings = shares.flatMap(({ result: { custom_metrics: results }, offsetMs }) =>
    results === undefined ? [] : [shiftCustom(customRecordingOf(results), offsetMs)],
  )
  if (recordings.length === 0) return {}
  return { custom_metrics: customResults(recordings.reduce(mergeCustom), metrics.duration_seconds) }
}

type Figures = Parameters<typeof judge>[1]

/** Verdicts on parts do not add up: every threshold is judged again on the whole. */
function rejudge(shares: readonly Share[], figures: Figures): ThresholdResult[] {
  const all = shares.flatMap(({ result }) => result.thresholds)
  const distinct = [...new Map(all.map((threshold) => [threshold.expression, threshold])).values()]
  return distinct.map((given) => {
    const threshold = thresholdOf(given, kindsOf(figures.custom_metrics))
    if (threshold === undefined) {
      return {
        ...given,
        value: null,
        verdict: 'skipped',
        reason: 'the parts of a run do not tell',
      }
    }
    const judged = judge(threshold, figures)
    const skipped = judged.verdict === 'no-data' && given.verdict === 'skipped'
    return skipped ? { ...judged, verdict: 'skipped' } : judged
  })
}

/** As parsed when the run began: the result holds its metric and limit, and the comparison is in its text. */
function thresholdOf(
  { expression, metric, limit }: ThresholdResult,
  custom: MetricKinds,
): Threshold | undefined {
  const comparison = /<=|>=|==|!=|<|>/.exec(expression)?.[0] as Threshold['comparison'] | undefined
  const figure = smtpFigures(custom).named(metric)
  // A slope or a baseline comparison of one generator's part says nothing about the whole.
  const known = typeof figure === 'object' && figure.ofParts !== false
  return comparison === undefined || !known ? undefined : { expression, metric, comparison, limit }
}

function whyPartial(shares: readonly Share[]): string | null {
  const missing = missingGenerators(shares)
  const reasons = shares.flatMap(({ result, split }) =>
    result.partial_reason === null ? [] : [`generator ${split.index}: ${result.partial_reason}`],
  )
  if (missing.length > 0) reasons.unshift(`without the results of generator ${missing.join(', ')}`)
  return reasons.length === 0 ? null : reasons.join('; ')
}

/** Share of the whole time in which all generators must have sent; below that it is reported. */
const TOGETHER = 0.9

/** Warns about summed rates when the generators sent at the same time for only part of the run. */
function notTogether(shares: readonly Share[], { window_seconds: whole }: Metrics): string[] {
  const ends = shares.map(({ offsetMs, result }) => offsetMs / 1000 + result.metrics.window_seconds)
  const from = startSkewMs(shares) / 1000
  const common = Math.max(0, ends.reduce((least, end) => Math.min(least, end), whole) - from)
  if (common >= TOGETHER * whole) return []
  return [
    `The generators did not all send at the same time: only for ${common.toFixed(1)} of ${whole.toFixed(1)} s. Rates are the sum of their rates, which the servers saw only during that time.`,
  ]
}

function observationsOf(shares: readonly Share[], metrics: Metrics): string[] {
  const own = [...new Set(shares.flatMap(({ result }) => result.observations))]
  return [
    ...notTogether(shares, metrics),
    `Merged from ${shares.length} generators, which started ${skewText(startSkewMs(shares))} apart by their clocks.`,
    'Percentiles of phases, of servers and of single seconds are those of the worst generator; those of the whole are exact.',
    ...own,
  ]
}

function skewText(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`
}

type Histograms = Result['histograms']

/** Exactly as if one recorder had recorded everything. */
function mergeHistograms(shares: readonly Share[]): Histograms {
  const of = (name: 'response_time' | 'service_time'): SparseHistogram =>
    shares.map(({ result }) => result.histograms[name]).reduce(mergeSparse)
  const { endToEnd } = mergeDeliveries(shares.map(({ result }) => result))
  return {
    response_time: of('response_time'),
    service_time: of('service_time'),
    ...(endToEnd === undefined ? {} : { end_to_end: endToEnd }),
  }
}

/** The figures of all generators together. */
function mergeMetrics(shares: readonly Share[], histograms: Histograms): Metrics {
  const all = shares.map(({ result }) => result.metrics)
  const sum = (of: (metrics: Metrics) => number) => all.reduce((total, metrics) => total + of(metrics), 0)
  const outcomes = Object.fromEntries(
    OUTCOMES.map((outcome) => [outcome, sum((metrics) => metrics.outcomes[outcome] ?? 0)]),
  ) as Record<Outcome, number>
  const total = sum((metrics) => metrics.total_messages)
  const brokenOff = sum((metrics) => metrics.broken_off ?? 0)
  const due = total - outcomes.not_reached - brokenOff
  const responseTime = summarise(histograms.response_time)
  const { count: _count, ...latency } = responseTime
  return {
    total_messages: total,
    successful_messages: outcomes.accepted,
    failed_messages: due - outcomes.accepted,
    connection_errors: sum((metrics) => metrics.connection_errors),
    total_bytes_sent: sum((metrics) => metrics.total_bytes_sent),
    avg_response_time_ms: responseTime.avg,
    min_response_time_ms: responseTime.min,
    max_response_time_ms: responseTime.max,
    latency_ms: latency,
    error_breakdown: addUp(all.map((metrics) => metrics.error_breakdown)),
    outcomes,
    ...(brokenOff === 0 ? {} : { broken_off: brokenOff }),
    success_rate: due === 0 ? 0 : outcomes.accepted / due,
    ...spans(shares),
    response_time_ms: responseTime,
    service_time_ms: summarise(histograms.service_time),
    phases_ms: mergePhases(all),
    recipients_refused: sum((metrics) => metrics.recipients_refused),
    sessions_opened: sum((metrics) => metrics.sessions_opened),
    reconnects: sum((metrics) => metrics.reconnects ?? 0),
    session_failures: sum((metrics) => metrics.session_failures ?? 0),
  }
}

/**
 * Window and drain last from the first start until the last generator is done with each. Rates are sums of each
 * generator's rate over its own time, so that gaps between starts count for nobody.
 */
function spans(shares: readonly Share[]) {
  const until = (of: (metrics: Metrics) => number) =>
    shares.reduce(
      (latest, { offsetMs, result }) => Math.max(latest, offsetMs / 1000 + of(result.metrics)),
      Number.NEGATIVE_INFINITY,
    )
  const sum = (of: (metrics: Metrics) => number) =>
    shares.reduce((total, { result }) => total + of(result.metrics), 0)
  const windowSeconds = until((metrics) => metrics.window_seconds)
  const durationSeconds = until((metrics) => metrics.duration_seconds)
  const rate = sum((metrics) => metrics.rate)
  const throughput = sum((metrics) => metrics.throughput)
  const target = targetRate(shares)
  const starts = shares.map(({ split, offsetMs }) => Date.parse(split.started_at) - offsetMs)
  const startMs = starts[0] ?? 0
  return {
    duration_seconds: durationSeconds,
    window_seconds: windowSeconds,
    drain_seconds: durationSeconds - windowSeconds,
    rate,
    throughput,
    messages_per_second: throughput,
    rate_error: target === null ? null : Math.abs(rate - target) / target,
    start_time: new Date(startMs).toISOString(),
    end_time: new Date(startMs + durationSeconds * 1000).toISOString(),
  }
}

/** Of all generators together; null when the load has no rate. */
function targetRate(shares: readonly Share[]): number | null {
  const rates = shares.map(({ result }) => result.target_rate)
  return rates.reduce((sum, rate) => (sum === null || rate === null ? null : sum + rate), 0)
}

function mergePhases(all: readonly Metrics[]): Metrics['phases_ms'] {
  const names = [...new Set(all.flatMap(({ phases_ms: phases }) => Object.keys(phases)))]
  return Object.fromEntries(
    names.map((name) => [name, mergeLatencies(all.flatMap(({ phases_ms: phases }) => phases[name] ?? []))]),
  )
}
