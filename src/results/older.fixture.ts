/** A file of the older Python generator: no format, local times in microseconds without a zone. */
export function olderRun(changes: Readonly<Record<string, unknown>> = {}) {
  return {
    test_type: 'burst',
    servers: ['mail.test'],
    port: 2525,
    message_size: 1024,
    concurrent_workers: 20,
    target_rate: null,
    metrics: {
      total_messages: 400,
      successful_messages: 398,
      failed_messages: 2,
      connection_errors: 2,
      total_bytes_sent: 374_120,
      duration_seconds: 0.8,
      messages_per_second: 497.5,
      latency_ms: { avg: 9.5, min: 1.5, max: 1004.25, p50: 7, p90: 9, p95: 11, p99: 21, p99_9: 1004.25 },
      error_breakdown: { timeout: 2 },
      start_time: '2025-03-04T05:06:07.123456',
      end_time: '2025-03-04T05:06:07.923456',
    },
    ...changes,
  }
}

/** The first format, from the sample output of the PrixFixe stress-test guide: no percentiles. */
export function oldestRun() {
  const { latency_ms: _latency, ...metrics } = olderRun().metrics
  const times = { avg_response_time_ms: 152.34, min_response_time_ms: 45.12, max_response_time_ms: 1203.45 }
  return olderRun({ metrics: { ...metrics, ...times } })
}
