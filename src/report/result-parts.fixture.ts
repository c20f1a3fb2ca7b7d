import { type LatencySummary, NO_LATENCY, type SparseHistogram } from '../engine/histogram.ts'
import type { Metrics, Result, ServerRow, TimelineRow } from '../engine/result.ts'

/** The pieces that result.fixture.ts is made of. */

export const SERVERS = [1, 2, 3, 4, 5].map((number) => `smtp-server-${number}`)

export const ONE_BUCKET: SparseHistogram = {
  buckets: [1024, 5000],
  count: 5000,
  min_ms: 1,
  max_ms: 1,
  sum_ms: 5000,
}

export const NOTHING = NO_LATENCY

/** Latencies with a long tail around a median. */
export function latencies(count: number, medianMs: number): LatencySummary {
  return {
    count,
    avg: medianMs * 1.13,
    min: medianMs * 0.4,
    max: medianMs * 9.6,
    p50: medianMs,
    p90: medianMs * 1.5,
    p95: medianMs * 1.9,
    p99: medianMs * 5.9,
    p99_9: medianMs * 9.1,
  }
}

export function burstMetrics(responseTime: LatencySummary, serviceTime: LatencySummary): Metrics {
  const { count: _count, ...latency } = responseTime
  return {
    total_messages: 5000,
    successful_messages: 5000,
    failed_messages: 0,
    connection_errors: 0,
    total_bytes_sent: 51_200_000,
    duration_seconds: 4.21,
    messages_per_second: 5000 / 4.21,
    avg_response_time_ms: latency.avg,
    min_response_time_ms: latency.min,
    max_response_time_ms: latency.max,
    latency_ms: latency,
    error_breakdown: {},
    start_time: '2026-01-02T03:04:05.000Z',
    end_time: '2026-01-02T03:04:09.210Z',
    outcomes: { accepted: 5000, deferred: 0, rejected: 0, failed: 0, dropped: 0, not_reached: 0 },
    success_rate: 1,
    window_seconds: 4.01,
    drain_seconds: 0.2,
    rate: 5000 / 4.01,
    throughput: 5000 / 4.21,
    rate_error: null,
    response_time_ms: responseTime,
    service_time_ms: serviceTime,
    phases_ms: { connect: latencies(50, 0.4), tls: NOTHING, accept: latencies(5000, 9) },
    recipients_refused: 0,
    sessions_opened: 50,
  }
}

export function serverRow(name: string, index: number): ServerRow {
  return {
    name,
    host: '127.0.0.1',
    port: 2525 + index,
    accepted: 1000,
    deferred: 0,
    rejected: 0,
    failed: 0,
    bytes: 10_240_000,
    response_time_ms: latencies(1000, 10 + index),
    peak_connections: 10,
  }
}

export function timelineRow(second: number): TimelineRow {
  const accepted = second === 4 ? 200 : 1200
  return {
    second,
    due: second === 4 ? 0 : 1250,
    started: second === 4 ? 0 : 1250,
    accepted,
    deferred: 0,
    rejected: 0,
    failed: 0,
    bytes: accepted * 10_240,
    in_flight: second === 4 ? 0 : 50,
    queued: 0,
    response_time_ms: latencies(accepted, 12 + second),
    sessions_opened: second === 0 ? 50 : 0,
  }
}

export function threshold(
  expression: string,
  metric: string,
  value: number | null,
  limit: number,
): Result['thresholds'][number] {
  const reached =
    value !== null &&
    (expression.includes('>=') ? value >= limit : expression.includes('<') ? value < limit : value === limit)
  return { expression, metric, value, limit, verdict: reached ? 'pass' : 'fail' }
}

export function failure(
  count: number,
  failureClass: Result['failures'][number]['class'],
  phase: string,
  text: string,
  outcome: Result['failures'][number]['outcome'],
): Result['failures'][number] {
  return {
    class: failureClass,
    phase,
    text,
    outcome,
    count,
    target: 'smtp-server-3',
    first_at_seconds: 3.2,
    last_at_seconds: 4.1,
  }
}
