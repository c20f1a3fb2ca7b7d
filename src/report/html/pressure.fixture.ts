import { Histogram, type SparseHistogram } from '../../engine/histogram.ts'
import {
  PRESSURE_FORMAT,
  type PressureResult,
  type PressureTimelineRow,
  type PressureVerification,
  type TenantRow,
} from '../../pressure/result.ts'
import { latencies, NOTHING, threshold } from '../result-parts.fixture.ts'

const SECONDS = 60
const TENANTS = [
  ['tenant-1', 'high-volume', 20],
  ['tenant-2', 'standard', 5],
  ['tenant-3', 'newsletter', 50],
  ['tenant-4', 'documents', 2],
] as const

/** A minute of four tenants on two proxies, one of which is killed in the middle. */
export function pressureResult(changes: Partial<PressureResult> = {}): PressureResult {
  const endToEnd = latencies(2400, 420)
  const { count: _count, ...latency } = endToEnd
  const result: PressureResult = {
    format: PRESSURE_FORMAT,
    scenario: 'pressure',
    part: null,
    run_id: 'p4c0ffee',
    stamp: '20260102-040506',
    status: 'complete',
    partial_reason: null,
    verdict: 'FAILED',
    test_type: 'pressure',
    observations: ['1 proxy was killed and its messages were sent by the other'],
    backend: { name: 'embedded', why: 'no container engine answers' },
    machine: { cpu: 'Example CPU', cores: 2, memory_bytes: 8_589_934_592, os: 'linux 6.1 x64' },
    versions: { mailstorm: '0.1.0', node: '24.21.0', vitest: '5.1.1' },
    seed: 1,
    proxy: {
      implementation: 'mailstorm',
      instances: 2,
      urls: ['http://127.0.0.1:8000', 'http://127.0.0.1:8001'],
      runs: 'processes',
      settings: { GMP_SEND_LOOP_INTERVAL: '1', GMP_BATCH_SIZE_PER_ACCOUNT: '50' },
    },
    metrics: {
      total_messages: 2400,
      successful_messages: 2398,
      failed_messages: 2,
      success_rate: 2398 / 2400,
      window_seconds: 55,
      drain_seconds: 4.5,
      duration_seconds: 59.5,
      messages_per_second: 2400 / 59.5,
      throughput_ratio: null,
      p95_ratio: null,
      total_bytes_sent: 64_000_000,
      latency_ms: latency,
      end_to_end_ms: endToEnd,
      report_lag_ms: latencies(2400, 900),
      sync_response_ms: latencies(240, 6),
      attachments_served: 900,
      attachment_bytes_served: 52_000_000,
      cache_hit_rate: 0.31,
      delivery_cache_hit_rate: 0.31,
      sync_calls: 240,
      dnd_periods: 9,
      dnd_violations: 0,
      dnd_resume_ms: latencies(9, 40),
      over_limit: 0,
      deferred: 15,
      rate_limited: 36,
      fairness: 2.4,
      peak_pending: 410,
      peak_proxy_memory_bytes: 190_000_000,
      peak_test_process_memory_bytes: 260_000_000,
      start_time: '2026-01-02T04:05:06.000Z',
      end_time: '2026-01-02T04:06:05.500Z',
    },
    thresholds: [threshold('lost==0', 'lost', 0, 0), threshold('duplicated==0', 'duplicated', 2, 0)],
    verification: verification(2400, 2),
    tenants: TENANTS.map(tenantRow),
    accounts: TENANTS.map(([tenant_id], index) => ({
      tenant_id,
      account_id: `${tenant_id}-account`,
      sent: 600,
      errors: index,
      deferred: index * 3,
      rate_limited: index === 2 ? 40 : 0,
    })),
    timeline: Array.from({ length: SECONDS }, (_, second) => timelineRow(second)),
    diagnosis: [
      {
        rule: 'pending-growing',
        severity: 'warning',
        symptom: 'Pending messages grow',
        evidence: 'pending rose from 12 to 410 between 20 s and 40 s',
        cause: 'The proxy sends less than the tenants hand over.',
        action: 'Raise GMP_BATCH_SIZE_PER_ACCOUNT or GMP_POOL_SIZE.',
      },
    ],
    events: [{ at_seconds: 30.2, what: 'proxy-1 was killed by SIGKILL' }],
    resource_usage: {},
    histograms: { end_to_end: histogramOf(2400, 420), report_lag: histogramOf(2400, 900) },
  }
  return { ...result, ...changes }
}

function verification(handedOver: number, duplicated: number): PressureVerification {
  return {
    verified: true,
    handed_over: handedOver,
    delivered: handedOver,
    intact: handedOver - duplicated,
    lost: 0,
    still_queued: 0,
    duplicated,
    corrupted: 0,
    unreported: 0,
    misreported: 0,
    missed_recipients: 0,
    unknown: 0,
    errors: 0,
    lost_ids: [],
    duplicated_ids: [],
    corrupted_ids: [],
    unreported_ids: [],
    misreported_ids: [],
    remarks: [],
  }
}

function tenantRow([tenant_id, profile, perSync]: (typeof TENANTS)[number], index: number): TenantRow {
  return {
    tenant_id,
    client_id: `client-${index + 1}`,
    profile,
    intake: 'response',
    sync_calls: 60,
    reports_received: 600,
    messages_generated: 600,
    attachments_served: 225,
    attachment_mb_served: 12.4,
    generation_cache_hit_rate: 0.3,
    delivery_cache_hit_rate: index === 3 ? null : 0.31,
    dnd_periods: index,
    dnd_violations: 0,
    dnd_resume_ms: latencies(index, 40),
    over_limit: index === 2 ? 0 : null,
    msg_per_sync: perSync,
    verification: verification(600, index === 0 ? 2 : 0),
    end_to_end_ms: latencies(600, 300 + 80 * index),
    report_lag_ms: latencies(600, 900),
    sync_response_ms: latencies(60, 6),
  }
}

/** In second 31 the proxies' metrics could not be read. */
function timelineRow(second: number): PressureTimelineRow {
  const unread = second === 31
  const sent = unread ? null : 40 + (second % 7)
  return {
    second,
    handed_over: second < 55 ? 43 : 0,
    delivered: 40 + (second % 5),
    reported: second < 2 ? 0 : 40,
    sync_calls: 4,
    attachments_served: 15,
    attachment_bytes_served: 860_000 + 40_000 * (second % 6),
    dnd_periods: second % 20 === 7 ? 1 : 0,
    pending: unread ? null : Math.round(200 + 190 * Math.sin(second / 9)),
    sent,
    errors: unread ? null : second % 17 === 3 ? 1 : 0,
    deferred: unread ? null : second % 11 === 5 ? 3 : 0,
    rate_limited: unread ? null : second > 20 && second < 30 ? 4 : 0,
    sent_by_account: sent === null ? {} : { 'tenant-1-account': sent - 12, 'tenant-3-account': 12 },
    proxy_memory_bytes: second < 3 ? null : 120_000_000 + second * 900_000,
    test_process_memory_bytes: 200_000_000 + second * 400_000,
    end_to_end_ms: second === 0 ? NOTHING : latencies(40, 380 + 4 * second),
    sync_response_ms: latencies(4, 6),
  }
}

function histogramOf(values: number, medianMs: number): SparseHistogram {
  const histogram = new Histogram()
  for (let value = 1; value <= values; value++) histogram.record((medianMs / 2) * (values / value) ** 0.35)
  return histogram.toSparse()
}
