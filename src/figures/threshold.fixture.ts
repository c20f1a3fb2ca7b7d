import {
  Histogram,
  type LatencySummary,
  NO_LATENCY,
  type SparseHistogram,
  summarise,
} from '../engine/histogram.ts'
import type { LedgerResult, Metrics } from '../engine/result.ts'
import type { Measured } from './smtp.ts'

export function sparse(values: readonly number[]): SparseHistogram {
  const histogram = new Histogram()
  for (const value of values) histogram.record(value)
  return histogram.toSparse()
}

const response: LatencySummary = {
  ...{ count: 100, avg: 50.5, min: 1, max: 100 },
  ...{ p50: 50, p90: 90, p95: 95, p99: 99, p99_9: 100 },
}
const metrics: Metrics = {
  total_messages: 100,
  successful_messages: 99,
  failed_messages: 1,
  connection_errors: 1,
  total_bytes_sent: 99 * 1024,
  duration_seconds: 2.475,
  messages_per_second: 40,
  avg_response_time_ms: 50.5,
  min_response_time_ms: 1,
  max_response_time_ms: 100,
  latency_ms: response,
  error_breakdown: {},
  start_time: '2026-01-01T00:00:00.000Z',
  end_time: '2026-01-01T00:00:02.475Z',
  outcomes: { accepted: 99, deferred: 0, rejected: 0, failed: 1, dropped: 0, not_reached: 0 },
  success_rate: 0.99,
  window_seconds: 2,
  drain_seconds: 0.475,
  rate: 50,
  throughput: 40,
  rate_error: null,
  response_time_ms: response,
  service_time_ms: summarise(sparse([3, 3, 3, 9])),
  phases_ms: { connect: { ...response, p95: 6 }, tls: NO_LATENCY },
  recipients_refused: 2,
  sessions_opened: 10,
}
const ledger: LedgerResult = {
  verified: true,
  acknowledged: 99,
  received: 100,
  lost: 0,
  duplicated: 1,
  corrupted: 0,
  unacknowledged: 0,
  lost_ids: [],
  duplicated_ids: ['run-1'],
  corrupted_ids: [],
}
const oneToHundred = Array.from({ length: 100 }, (_, index) => index + 1)
/** 100 messages, one of which failed: response times of 1, 2, … 100 ms. */
export const measuredRun: Measured = {
  metrics,
  ledger,
  histograms: { response_time: sparse(oneToHundred), service_time: sparse([3, 3, 3, 9]) },
}
