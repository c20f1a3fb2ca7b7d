import { z } from 'zod'
import type { PressureResult } from '../pressure/result.ts'
import { figure, firstIssue, flag, histogram, latency, number, text, threshold } from './shape-parts.ts'

/** What the renderers rely on in a file of format mailstorm-pressure/1. */

const verification = z.looseObject({
  verified: flag,
  handed_over: number,
  delivered: figure,
  lost: figure,
  still_queued: figure,
  duplicated: figure,
  corrupted: figure,
  unreported: figure,
  misreported: figure,
  errors: figure,
})

const tenant = z.looseObject({
  tenant_id: text,
  sync_calls: number,
  msg_per_sync: figure,
  reports_received: number,
  attachments_served: number,
  attachment_mb_served: number,
  generation_cache_hit_rate: figure,
  delivery_cache_hit_rate: figure,
  dnd_periods: number,
  dnd_violations: number,
  verification,
  end_to_end_ms: latency,
  report_lag_ms: latency,
  sync_response_ms: latency,
})

const account = z.looseObject({
  account_id: text,
  sent: figure,
  errors: figure,
  deferred: figure,
  rate_limited: figure,
})

const pressureMetrics = z.looseObject({
  total_messages: number,
  successful_messages: number,
  failed_messages: number,
  success_rate: number,
  window_seconds: number,
  drain_seconds: number,
  duration_seconds: number,
  messages_per_second: number,
  total_bytes_sent: number,
  end_to_end_ms: latency,
  report_lag_ms: latency,
  sync_response_ms: latency,
  dnd_resume_ms: latency,
  attachments_served: number,
  attachment_bytes_served: number,
  cache_hit_rate: figure,
  delivery_cache_hit_rate: figure,
  sync_calls: number,
  dnd_periods: number,
  dnd_violations: number,
  fairness: figure,
  peak_pending: figure,
  peak_proxy_memory_bytes: figure,
  peak_test_process_memory_bytes: number,
})

const finding = z.looseObject({
  severity: z.enum(['warning', 'critical']),
  symptom: text,
  evidence: text,
  cause: text,
  action: text,
})

const pressureResult = z.looseObject({
  scenario: text,
  part: text.nullable(),
  stamp: text,
  status: z.enum(['complete', 'partial']),
  partial_reason: text.nullable(),
  verdict: z.enum(['PASSED', 'WARNING', 'FAILED']),
  test_type: z.literal('pressure'),
  proxy: z.looseObject({
    implementation: text,
    instances: number,
    runs: z.enum(['in-process', 'processes', 'containers', 'external']),
  }),
  backend: z.looseObject({ name: text, why: text }),
  seed: number,
  metrics: pressureMetrics,
  thresholds: z.array(threshold),
  verification,
  tenants: z.array(tenant),
  accounts: z.array(account),
  events: z.array(z.looseObject({ at_seconds: number, what: text })),
  diagnosis: z.array(finding),
  observations: z.array(text),
  histograms: z.looseObject({ end_to_end: histogram, report_lag: histogram }),
})

/** The JSON as a pressure result of ours, or what is wrong with it. */
export function asPressureResult(
  json: unknown,
): { readonly result: PressureResult } | { readonly wrong: string } {
  const checked = pressureResult.safeParse(json)
  return checked.success ? { result: json as PressureResult } : { wrong: firstIssue(checked.error) }
}
