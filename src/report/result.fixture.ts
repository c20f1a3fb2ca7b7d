import { RESULT_FORMAT, type Result } from '../engine/result.ts'
import {
  burstMetrics,
  failure,
  latencies,
  NOTHING,
  ONE_BUCKET,
  SERVERS,
  serverRow,
  threshold,
  timelineRow,
} from './result-parts.fixture.ts'

/** A realistic result for the renderers' tests: a burst of 5,000 to five servers in 4.21 s. */
export function burstResult(changes: Partial<Result> = {}): Result {
  const responseTime = latencies(5000, 12)
  const result: Result = {
    format: RESULT_FORMAT,
    scenario: 'burst',
    part: null,
    run_id: 'b7f3a1c2',
    stamp: '20260102-030405',
    status: 'complete',
    partial_reason: null,
    verdict: 'PASSED',
    test_type: 'burst',
    servers: SERVERS.map((name) => name),
    port: 2525,
    message_size: 10_240,
    concurrent_workers: 50,
    target_rate: null,
    metrics: burstMetrics(responseTime, latencies(5000, 11.4)),
    workload: {
      executor: 'shared-iterations',
      model: 'closed',
      planned: 5000,
      workers: 50,
      max_sessions: 50,
      size_bytes: 10_240,
      rate_per_second: null,
      duration_seconds: null,
      pipelining: 'commands',
      messages_per_session: 'unlimited',
      recipients: 1,
      tls: 'none',
      auth: null,
      sender: 'stress@example.com',
      recipient: 'inbox@test.local',
    },
    thresholds: [
      threshold('success_rate>=0.99', 'success_rate', 1, 0.99),
      threshold('p(99)<1000', 'p(99)', responseTime.p99, 1000),
      threshold('lost==0', 'lost', 0, 0),
      threshold('duplicated==0', 'duplicated', 0, 0),
    ],
    failures: [],
    observations: [],
    per_server: SERVERS.map(serverRow),
    ledger: {
      verified: true,
      acknowledged: 5000,
      received: 5000,
      lost: 0,
      duplicated: 0,
      corrupted: 0,
      unacknowledged: 0,
      lost_ids: [],
      duplicated_ids: [],
      corrupted_ids: [],
    },
    resource_usage: {
      'smtp-server-1': {
        cpu_percent: { min: 12, avg: 48.5, max: 71 },
        memory_bytes: { min: 61_865_984, avg: 70_254_592, max: 82_837_504 },
        samples: [{ second: 1, cpu_percent: 71, memory_bytes: 82_837_504 }],
      },
    },
    timeline: [0, 1, 2, 3, 4].map(timelineRow),
    histograms: { response_time: ONE_BUCKET, service_time: ONE_BUCKET },
    backend: { name: 'embedded', why: 'no container engine answers' },
    generator: {
      threads: 1,
      cpu_percent: 87.4,
      scheduling_lag_ms: NOTHING,
      event_loop_delay_ms: { p50: 0.21, p99: 3.4, max: 9.8 },
      bound: false,
      bound_reasons: [],
    },
    machine: { cpu: 'Example CPU', cores: 2, memory_bytes: 8_589_934_592, os: 'linux 6.1 x64' },
    versions: { mailstorm: '0.1.0', node: '24.21.0', vitest: '5.1.1' },
    seed: 1,
  }
  return { ...result, ...changes }
}

/** The same burst when things went wrong: refused, deferred and lost messages, and a threshold missed. */
export function brokenResult(): Result {
  const good = burstResult()
  return burstResult({
    status: 'partial',
    partial_reason: 'Ctrl+C',
    verdict: 'FAILED',
    metrics: {
      ...good.metrics,
      successful_messages: 4880,
      failed_messages: 120,
      connection_errors: 100,
      success_rate: 0.976,
      outcomes: { accepted: 4880, deferred: 10, rejected: 5, failed: 100, dropped: 5, not_reached: 0 },
    },
    thresholds: [
      threshold('success_rate>=0.99', 'success_rate', 0.976, 0.99),
      {
        ...threshold('auth.p(99)<5', 'auth.p(99)', null, 5),
        verdict: 'no-data',
        reason: 'no session used AUTH',
      },
      threshold('lost==0', 'lost', 2, 0),
    ],
    observations: ['3 connections were refused: nothing listens there (any more)'],
    failures: [
      failure(100, 'connection_refused', 'connect', 'connect ECONNREFUSED 127.0.0.1:2527', 'failed'),
      { ...failure(10, 'reply', 'data', '4.3.2 try | again', 'deferred'), code: 451, enhanced: '4.3.2' },
      { ...failure(5, 'reply', 'envelope', '<b>no</b> `such`\n::error::user', 'rejected'), code: 550 },
    ],
    per_server: SERVERS.map(serverRow).map((row, index) =>
      index === 2 ? { ...row, accepted: 880, failed: 100, ended: 'killed by SIGKILL at 3.2 s' } : row,
    ),
    ledger: {
      ...good.ledger,
      acknowledged: 4880,
      received: 4879,
      lost: 2,
      unacknowledged: 1,
      lost_ids: ['b7f3a1c2-17'],
    },
    generator: { ...good.generator, bound: true, bound_reasons: ['CPU at 98 % of its one thread'] },
  })
}
