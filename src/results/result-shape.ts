import { z } from 'zod'
import type { SparseHistogram } from '../engine/histogram.ts'
import { type Result, UNITS } from '../engine/result.ts'
import type { PressureResult } from '../pressure/result.ts'
import { PROBE_VERDICTS, type ProbeResult } from '../probe/report.ts'
import { listAt, numberAt } from './fields.ts'

/** Building blocks of the shapes. Loose objects: additional members may come from another version. */

const number = z.number()
const figure = z.number().nullable()
const text = z.string()
const flag = z.boolean()

const latency = z.looseObject({
  count: number,
  avg: figure,
  min: figure,
  max: figure,
  p50: figure,
  p90: figure,
  p95: figure,
  p99: figure,
  p99_9: figure,
})

const threshold = z.looseObject({
  expression: text,
  metric: text,
  value: figure,
  limit: number,
  verdict: z.enum(['pass', 'fail', 'no-data', 'skipped']),
})

/** A histogram's pairs must add up to its count, or its percentiles would be silently wrong. */
export function isHistogram(value: unknown): value is SparseHistogram {
  const buckets = listAt(value, 'buckets')
  const ends = ['min_ms', 'max_ms', 'sum_ms'].map((name) => numberAt(value, name))
  if (ends.includes(null) || buckets.length % 2 !== 0) return false
  if (!buckets.every((entry) => Number.isSafeInteger(entry) && (entry as number) >= 0)) return false
  const counts = (buckets as number[]).filter((_, index) => index % 2 === 1)
  return counts.reduce((sum, count) => sum + count, 0) === numberAt(value, 'count')
}

const histogram = z.custom(isHistogram, 'is not a histogram whose buckets add up to its count')

export type Checked<R> = { readonly result: R } | { readonly wrong: string }

/** The first problem, as "metrics.rate: Invalid input: expected number". */
function firstIssue({ issues: [first] }: z.ZodError): string {
  const where = first?.path.join('.') ?? ''
  return `${where === '' ? '' : `${where}: `}${first?.message ?? 'unknown'}`
}

/**
 * What the renderers and `merge` rely on in a file of format mailstorm/1, and no more: files of other versions
 * have additional members, or lack some that only other readers of the JSON need.
 */

const outcomes = z.looseObject({
  accepted: number,
  deferred: number,
  rejected: number,
  failed: number,
  dropped: number,
  // Earlier versions counted these as dropped.
  not_reached: number.default(0),
})

const metrics = z.looseObject({
  total_messages: number,
  successful_messages: number,
  failed_messages: number,
  connection_errors: number,
  total_bytes_sent: number,
  duration_seconds: number,
  window_seconds: number,
  drain_seconds: number,
  start_time: text,
  end_time: text,
  outcomes,
  success_rate: number,
  rate: number,
  throughput: number,
  rate_error: figure,
  response_time_ms: latency,
  service_time_ms: latency,
  phases_ms: z.record(text, latency),
  error_breakdown: z.record(text, number),
  sessions_opened: number,
  broken_off: number.optional(),
  reconnects: number.optional(),
  session_failures: number.optional(),
})

const distribution = z.looseObject({ text, least: number, most: number })

const workload = z.looseObject({
  executor: text,
  model: z.enum(['open', 'closed']),
  planned: number,
  workers: number,
  max_sessions: number,
  pipelining: text,
  pipeline_depth: number.optional(),
  messages_per_session: z.union([number, z.literal('unlimited')]),
  recipients: number,
  recipients_distribution: distribution.optional(),
  tls: text,
  auth: text.nullable(),
  accounts: number.optional(),
  think_time_ms: z.tuple([number, number]).optional(),
  break_off_percent: z.record(text, number).optional(),
  size_bytes: number,
  size_distribution: distribution.optional(),
  corpus: z
    .looseObject({
      name: text,
      messages: number,
      files: number,
      bytes: number,
      size_bytes: z.looseObject({ min: number, p50: number, p90: number, p99: number, max: number }),
      digest: text,
    })
    .optional(),
  rate_per_second: figure,
  duration_seconds: figure,
  sender: text,
  recipient: text,
})

const failure = z.looseObject({
  target: text,
  outcome: text,
  class: text,
  phase: text,
  text,
  count: number,
  first_at_seconds: number,
  last_at_seconds: number,
})

const sessionCap = z.looseObject({ target: text, messages: number, sessions: number, text })

const server = z.looseObject({
  name: text,
  host: text,
  port: number,
  accepted: number,
  deferred: number,
  rejected: number,
  failed: number,
  bytes: number,
  response_time_ms: latency,
})

const mailAccount = z.looseObject({
  store: text,
  expected: number,
  arrived: number,
  bounced: number,
  misrouted: number,
  reencoded: number,
  unjudged: number,
  in_transit: number,
  not_verifiable: number,
  cannot_verify: text.optional(),
  waited_seconds: number,
  bounces: z.array(z.looseObject({ status: text.nullable(), text, recipient: text, count: number })),
  misrouted_ids: z.array(text),
  bounced_ids: z.array(text),
  first_damage: text.optional(),
})

const delivery = z.looseObject({
  time_resolution_ms: number,
  end_to_end_ms: latency,
  per_server: z.array(z.looseObject({ name: text, end_to_end_ms: latency })),
  drain_seconds: number,
  delivered_per_second: number,
  most_in_between: number,
  timeline: z.array(
    z.looseObject({
      second: number,
      acknowledged: number,
      arrived: number,
      in_between: number,
      end_to_end_ms: latency,
    }),
  ),
})

const ledger = z.looseObject({
  verified: flag,
  acknowledged: number,
  received: figure,
  lost: figure,
  duplicated: figure,
  corrupted: figure,
  unacknowledged: figure,
  lost_ids: z.array(text),
  duplicated_ids: z.array(text),
  corrupted_ids: z.array(text),
  account: mailAccount.optional(),
})

const second = z.looseObject({
  second: number,
  due: number,
  started: number,
  accepted: number,
  deferred: number,
  rejected: number,
  failed: number,
  bytes: number,
  in_flight: number,
  queued: number,
  sessions_opened: number,
  response_time_ms: latency,
})

const generator = z.looseObject({
  threads: number,
  cpu_percent: number,
  scheduling_lag_ms: latency,
  event_loop_delay_ms: z.looseObject({ p50: number, p99: number, max: number }),
  bound: flag,
  bound_reasons: z.array(text),
})

const overridden = z.looseObject({
  load: z.array(
    z.looseObject({
      variable: text,
      own: z.union([text, number]).nullable(),
      value: z.union([text, number]).nullable(),
    }),
  ),
  thresholds: z.enum(['own', 'given']),
})

const minAvgMax = z.looseObject({ min: number, avg: number, max: number })

const usage = z.looseObject({
  cpu_percent: minAvgMax,
  memory_bytes: minAvgMax,
  samples: z.array(z.looseObject({ second: number, cpu_percent: number, memory_bytes: number })),
})

const customMetric = z.discriminatedUnion('kind', [
  z.looseObject({ kind: z.literal('counter'), sum: number, per_second: figure }),
  z.looseObject({ kind: z.literal('gauge'), value: figure, min: figure, max: figure, at_seconds: figure }),
  z.looseObject({ kind: z.literal('rate'), share: figure, hits: number, total: number }),
  z.looseObject({ kind: z.literal('trend'), summary: latency, histogram }),
])

/** The generator's part of a split load, and when it began. */
const part = z.looseObject({ index: number, started_at: text, start_late_ms: figure })

const mergedPart = part.extend({
  run_id: text,
  after_first_ms: number,
  total_messages: number,
  messages_per_second: number,
})

const sideBySide = z.looseObject({
  by: text,
  columns: z.array(
    z.looseObject({
      name: text,
      unit: z.enum(UNITS),
    }),
  ),
  rows: z.array(z.looseObject({ label: text, values: z.array(figure) })),
  note: text,
})

const drift = z.looseObject({
  of: text,
  unit: z.enum(['ms', 'bytes']),
  per_hour: number,
  low_per_hour: number,
  high_per_hour: number,
  points: number,
  from_second: number.optional(),
})

const search = z.looseObject({
  rate_per_second: figure,
  broke_at_per_second: figure,
  holds: z.array(text),
  seconds: number,
  confidence: z.enum(['high', 'low']),
  why: text,
  steps: z.array(
    z.looseObject({
      rate_per_second: number,
      held: flag,
      missed: z.array(text),
      p99_ms: figure,
      success_rate: number,
      throughput: number,
      generator_bound: flag,
    }),
  ),
})

const machine = z.looseObject({ cpu: text, cores: number, memory_bytes: number, os: text })

const result = z.looseObject({
  scenario: text,
  part: text.nullable(),
  run_id: text,
  stamp: text,
  status: z.enum(['complete', 'partial']),
  partial_reason: text.nullable(),
  verdict: z.enum(['PASSED', 'WARNING', 'FAILED']),
  test_type: text,
  servers: z.array(text),
  message_size: number,
  target_rate: figure,
  metrics,
  workload,
  thresholds: z.array(threshold),
  failures: z.array(failure),
  refused_recipients: z.array(failure).optional(),
  session_failures: z.array(failure).optional(),
  session_caps: z.array(sessionCap).optional(),
  broken_off: z.record(text, number).optional(),
  slow_recipients: z
    .array(
      z.looseObject({
        target: text,
        answered: number,
        refused: number,
        unanswered: number,
        longest_ms: number,
      }),
    )
    .optional(),
  idle_sessions: z
    .looseObject({
      asked: number,
      opened: number,
      ended: number,
      renewed: number.optional(),
      limits: z.array(z.looseObject({ target: text, after_seconds: number, text })).optional(),
      ended_after_ms: latency,
      failures: z.array(failure),
    })
    .optional(),
  retries: z
    .looseObject({
      delays_seconds: z.array(number),
      attempts: number,
      first_attempt: z.looseObject({
        accepted: number,
        deferred: number,
        rejected: number,
        failed: number,
        success_rate: number,
      }),
      accepted_by: z.array(number),
      cut_off: number,
      failures: z.array(failure),
    })
    .optional(),
  pipelining: z
    .array(
      z.looseObject({
        target: text,
        asked: text,
        used: text,
        trial_messages: number,
        sent_again: number.optional(),
      }),
    )
    .optional(),
  observations: z.array(text),
  per_server: z.array(server),
  ledger,
  timeline: z.array(second),
  histograms: z.looseObject({
    response_time: histogram,
    service_time: histogram,
    end_to_end: histogram.optional(),
  }),
  delivery: delivery.optional(),
  next_hop: z
    .array(
      z.looseObject({
        part: text,
        next_hop: text,
        from_seconds: number,
        seconds: number,
        since_seconds: figure,
        delivered_per_second: figure,
        deepest_queue: figure,
        drain_seconds: figure,
      }),
    )
    .optional(),
  backend: z.looseObject({ name: text, why: text }),
  generator,
  machine,
  versions: z.record(text, text),
  resource_usage: z.record(text, usage),
  seed: number,
  custom_metrics: z.record(text, customMetric).optional(),
  split: part.extend({ generators: number, shared_run_id: text, agreed_start: text.nullable() }).optional(),
  merged: z.looseObject({ generators: number, start_skew_ms: number, parts: z.array(mergedPart) }).optional(),
  side_by_side: sideBySide.optional(),
  drift: z.array(drift).optional(),
  search: search.optional(),
  logs: text.optional(),
  overridden: overridden.optional(),
  name_lookups: z
    .array(z.looseObject({ host: text, addresses: z.array(text), lookup_ms: number }))
    .optional(),
})

/** The members that a shape names, with the types of results: what can be read from a file of any version. */
type Named<T> = T extends readonly (infer Item)[]
  ? readonly Named<Item>[]
  : T extends object
    ? { readonly [Key in keyof T as string extends Key ? never : Key]: Named<T[Key]> }
    : T

/** Compiles only as long as every result that a run produces can be read back. */
type ReadBack<Made extends Shape, Shape> = Made

/** The JSON as one of our results, or what is wrong with it, such as "metrics.rate: expected number". */
export function asResult(json: unknown): Checked<ReadBack<Result, Named<z.input<typeof result>>>> {
  const checked = result.safeParse(json)
  if (checked.success) return { result: checked.data as unknown as Result }
  return { wrong: firstIssue(checked.error) }
}

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
  lost_ids: z.array(text),
  duplicated_ids: z.array(text),
  corrupted_ids: z.array(text),
  unreported_ids: z.array(text),
  misreported_ids: z.array(text),
  remarks: z.array(text),
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
  start_time: text,
  end_time: text,
})

const finding = z.looseObject({
  severity: z.enum(['warning', 'critical']),
  symptom: text,
  evidence: text,
  cause: text,
  action: text,
})

const pressureSecond = z.looseObject({
  second: number,
  handed_over: number,
  delivered: number,
  reported: number,
  sent_by_account: z.record(text, number),
  end_to_end_ms: latency,
})

const pressureResult = z.looseObject({
  scenario: text,
  part: text.nullable(),
  run_id: text,
  stamp: text,
  status: z.enum(['complete', 'partial']),
  partial_reason: text.nullable(),
  verdict: z.enum(['PASSED', 'WARNING', 'FAILED']),
  test_type: z.literal('pressure'),
  proxy: z.looseObject({
    implementation: text,
    instances: number,
    runs: z.enum(['in-process', 'processes', 'containers', 'external']),
    urls: z.array(text),
    settings: z.record(text, text),
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
  machine,
  versions: z.record(text, text),
  resource_usage: z.record(text, usage),
  timeline: z.array(pressureSecond),
  histograms: z.looseObject({ end_to_end: histogram, report_lag: histogram }),
})

/** The JSON as one of our pressure results, or what is wrong with it. */
export function asPressureResult(
  json: unknown,
): Checked<ReadBack<PressureResult, Named<z.input<typeof pressureResult>>>> {
  const checked = pressureResult.safeParse(json)
  return checked.success ? { result: json as PressureResult } : { wrong: firstIssue(checked.error) }
}

/** What the renderers rely on in a file of format mailstorm-probe/1. */

const probed = z.looseObject({
  target: text,
  stamp: text,
  took_seconds: number,
  remarks: z.array(text).optional(),
  extensions: z.array(text),
  counts: z.looseObject({ conforms: number, deviates: number, 'not offered': number, unknown: number }),
  rows: z.array(
    z.looseObject({
      id: text,
      title: text,
      rfc: text,
      sent: text,
      came: text,
      verdict: z.enum(PROBE_VERDICTS),
      note: text,
    }),
  ),
})

const probeResult = z.looseObject({ stamp: text, targets: z.array(probed).min(1) })

/** The JSON as what a probe of ours was told, or what is wrong with it. */
export function asProbeResult(
  json: unknown,
): Checked<ReadBack<ProbeResult, Named<z.input<typeof probeResult>>>> {
  const checked = probeResult.safeParse(json)
  return checked.success ? { result: json as ProbeResult } : { wrong: firstIssue(checked.error) }
}
