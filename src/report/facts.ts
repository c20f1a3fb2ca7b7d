import type { LatencySummary } from '../engine/histogram.ts'
import { dueMessages, type LedgerResult, type Metrics, type Result } from '../engine/result.ts'
import { oneLine } from './escape.ts'
import {
  count,
  counted,
  decimal,
  listed,
  percent,
  perSecond,
  seconds,
  shortMilliseconds,
  size,
} from './format.ts'
import { left, right, textTable } from './table.ts'

export type Field = readonly [label: string, value: string]

/** More server names than this are counted, not listed. */
const MOST_SERVERS = 5

export function headerFields(result: Result): Field[] {
  const { workload } = result
  return [
    ['Test Type:', `${result.test_type} (${workload.executor}, ${workload.model} model)`],
    ['Servers:', listed(result.servers, MOST_SERVERS)],
    ...namesOf(result).map((name, index): Field => [index === 0 ? 'Names:' : '', name]),
    ['Message Size:', size(result.message_size)],
    ['Workload:', workloadSentence(result)],
    ...overriddenParts(result).map((part, index): Field => [index === 0 ? 'Overridden:' : '', part]),
    ['Backend:', `${result.backend.name} (${result.backend.why})`],
    ['Seed:', String(result.seed)],
  ]
}

export function workloadSentence({ workload }: Result): string {
  const shape =
    workload.messages_per_session === 'unlimited'
      ? 'sessions kept open'
      : `${counted(workload.messages_per_session, 'message')} per session`
  const parts = [
    counted(workload.planned, 'message'),
    counted(workload.workers, 'worker'),
    `up to ${counted(workload.max_sessions, 'session')}`,
    shape,
    `pipelining ${workload.pipelining}`,
  ]
  if (workload.recipients > 1) parts.push(counted(workload.recipients, 'recipient'))
  if (workload.tls !== 'none') parts.push(`TLS ${workload.tls}`)
  if (workload.auth !== null) parts.push(`AUTH ${workload.auth}`)
  return parts.join(', ')
}

/** Servers given by name, and what the names stood for. */
export function namesOf({ name_lookups: names = [] }: Result): string[] {
  return names.map(
    ({ host, addresses, lookup_ms: tookMs }) =>
      `${host} is ${listed(addresses, MOST_SERVERS)} (looked up once, ${shortMilliseconds(tookMs)})`,
  )
}

/** What the environment put in the place of the scenario's own load, and whose thresholds judged it; none without. */
export function overriddenParts({ overridden }: Result): string[] {
  if (overridden === undefined) return []
  const load = overridden.load.map((one) => {
    const { variable, own } = one
    return `${variable}=${valueText(one.variable, one.value)}${own === null ? '' : ` (its own: ${valueText(variable, own)})`}`
  })
  const thresholds =
    overridden.thresholds === 'own' ? 'thresholds: its own, made for its own load' : 'thresholds: as given'
  return [...load, thresholds]
}

function valueText(variable: string, value: string | number | null): string {
  if (typeof value !== 'number') return oneLine(value ?? 'none')
  return variable === 'STRESS_SIZE' ? size(value) : value.toLocaleString('en')
}

export function messageFields({ metrics }: Result): Field[] {
  const { deferred, rejected, failed, dropped } = metrics.outcomes
  const split = `  (deferred ${count(deferred)}, rejected ${count(rejected)}, failed ${count(failed)}, dropped ${count(dropped)})`
  return [
    ['Total:', count(metrics.total_messages)],
    ['Successful:', count(metrics.successful_messages)],
    ['Failed:', count(metrics.failed_messages) + (metrics.failed_messages > 0 ? split : '')],
    ...notReachedField(metrics),
    ['Conn Errors:', count(metrics.connection_errors)],
    ['Success Rate:', dueMessages(metrics) === 0 ? percent(null) : percent(metrics.success_rate)],
  ]
}

function notReachedField({ outcomes: { not_reached: notReached } }: Metrics): Field[] {
  return notReached === 0
    ? []
    : [['Not reached:', `${count(notReached)}  (their turn had not come when the run was ended)`]]
}

export function performanceFields(result: Result): Field[] {
  const { metrics } = result
  return [
    [
      'Duration:',
      `${seconds(metrics.duration_seconds)}  (window ${seconds(metrics.window_seconds)}, drain ${seconds(metrics.drain_seconds)})`,
    ],
    ['Rate:', rateSentence(result)],
    ['Throughput:', `${perSecond(metrics.throughput)} accepted, over window and drain`],
    ['Total Data:', dataSentence(result)],
    ['Sessions:', `${count(metrics.sessions_opened)} opened${sessionTroubles(metrics)}`],
  ]
}

/** What befell the sessions, to stand behind their number: `, 3 reconnects, 2 ended badly`, or nothing. */
export function sessionTroubles({ reconnects = 0, session_failures: failures = 0 }: Metrics): string {
  const reconnected = reconnects > 0 ? `, ${counted(reconnects, 'reconnect')}` : ''
  return failures > 0 ? `${reconnected}, ${count(failures)} ended badly` : reconnected
}

/** `48.83 MB accepted`; where whole messages went over the wire and were refused then, what was sent too. */
export function dataSentence({ metrics, workload }: Result): string {
  const accepted = `${size(metrics.total_bytes_sent)} accepted`
  const transferred = (metrics.phases_ms.transfer?.count ?? 0) * workload.size_bytes
  return transferred > metrics.total_bytes_sent ? `${accepted}, of ${size(transferred)} sent` : accepted
}

export function rateSentence({ metrics, target_rate }: Result): string {
  const rate = `${perSecond(metrics.rate)} started in the window`
  if (target_rate === null) return `${rate} (no target: as fast as the replies allow)`
  return `${rate}, target ${perSecond(target_rate)} (${percent(metrics.rate_error)} off)`
}

const LATENCY_ROWS: readonly (readonly [label: string, key: Exclude<keyof LatencySummary, 'count'>])[] = [
  ['Average', 'avg'],
  ['Minimum', 'min'],
  ['p50', 'p50'],
  ['p90', 'p90'],
  ['p95', 'p95'],
  ['p99', 'p99'],
  ['p99.9', 'p99_9'],
  ['Maximum', 'max'],
]

/** Response time counts from when a message was due, service time from when it was sent. */
export function latencyTable(metrics: Metrics): string[] {
  return textTable(
    [left('ms'), right('response time'), right('service time')],
    LATENCY_ROWS.map(([label, key]) => [
      `${label}:`.padEnd(15),
      decimal(metrics.response_time_ms[key], 2),
      decimal(metrics.service_time_ms[key], 2),
    ]),
  )
}

/** What the ledger says, in one line; `not verified` is never dressed up as `nothing lost`. */
export function ledgerSentence(ledger: LedgerResult): string {
  if (!ledger.verified) return `not verified: ${ledger.why_not ?? 'the target keeps no ledger'}`
  const parts = [
    `${count(ledger.acknowledged)} acknowledged`,
    `${count(ledger.received)} received`,
    `${count(ledger.lost)} lost`,
    `${count(ledger.duplicated)} duplicated`,
    `${count(ledger.corrupted)} corrupted`,
  ]
  if (ledger.unacknowledged) parts.push(`${count(ledger.unacknowledged)} received without acknowledgement`)
  return `verified: ${parts.join(', ')}`
}
