import { mergeSparse, type SparseHistogram, summarise } from '../../engine/histogram.ts'
import type { Metrics, Result } from '../../engine/result.ts'
import { OUTCOMES, type Outcome } from '../../engine/sample.ts'
import { addUp, mergeLatencies } from './latency.ts'
import type { Share } from './share.ts'

type Histograms = Result['histograms']

/** Exactly as if one recorder had recorded all. */
export function mergeHistograms(shares: readonly Share[]): Histograms {
  const of = (name: keyof Histograms): SparseHistogram =>
    shares.map(({ result }) => result.histograms[name]).reduce(mergeSparse)
  return { response_time: of('response_time'), service_time: of('service_time') }
}

/** The figures of all generators together. */
export function mergeMetrics(shares: readonly Share[], histograms: Histograms): Metrics {
  const all = shares.map(({ result }) => result.metrics)
  const sum = (of: (metrics: Metrics) => number) => all.reduce((total, metrics) => total + of(metrics), 0)
  const outcomes = Object.fromEntries(
    OUTCOMES.map((outcome) => [outcome, sum((metrics) => metrics.outcomes[outcome] ?? 0)]),
  ) as Record<Outcome, number>
  const total = sum((metrics) => metrics.total_messages)
  const due = total - outcomes.not_reached
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
 * Window and drain are from the first start until the last generator is done with each. Rates are the sums
 * of each generator's own, over its own time: what is idle between one start and another is nobody's rate.
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

/** Of all generators together; null where the load has no rate. */
export function targetRate(shares: readonly Share[]): number | null {
  const rates = shares.map(({ result }) => result.target_rate)
  return rates.reduce((sum, rate) => (sum === null || rate === null ? null : sum + rate), 0)
}

function mergePhases(all: readonly Metrics[]): Metrics['phases_ms'] {
  const names = [...new Set(all.flatMap(({ phases_ms: phases }) => Object.keys(phases)))]
  return Object.fromEntries(
    names.map((name) => [name, mergeLatencies(all.flatMap(({ phases_ms: phases }) => phases[name] ?? []))]),
  )
}
