import { dueMessages, type LedgerResult, type Metrics, type Result } from '../../engine/result.ts'
import { type Fact, factsFrom, PAGES } from '../block.ts'
import { oneLine } from '../escape.ts'
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
} from '../format.ts'
import { backendFact, seedFact, whereAndWhen } from './common.ts'

/** More server names than this are counted, not listed. */
const MOST_SERVERS = 5

export function headFacts(result: Result): Fact[] {
  const { workload } = result
  return [
    ...factsFrom([
      ['Test type', `${result.test_type} (${workload.executor}, ${workload.model} model)`],
      ['Servers', listed(result.servers, MOST_SERVERS)],
      ...namesOf(result).map((name) => ['DNS', name] as const),
      ['Message size', size(result.message_size)],
      ['Workload', workloadSentence(result)],
      ...overriddenParts(result).map((part) => ['Overridden', part] as const),
    ]),
    backendFact(result),
    seedFact(result),
    ...whereAndWhen(result),
  ]
}

function workloadSentence({ workload }: Result): string {
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
function namesOf({ name_lookups: names = [] }: Result): string[] {
  return names.map(
    ({ host, addresses, lookup_ms: tookMs }) =>
      `${host} → ${listed(addresses, MOST_SERVERS)} (one lookup, ${shortMilliseconds(tookMs)})`,
  )
}

/** What the environment put in the place of the scenario's own load, and whose thresholds judged it; none without. */
export function overriddenParts({ overridden }: Result): string[] {
  if (overridden === undefined) return []
  const load = overridden.load.map((one) => {
    const { variable, own } = one
    return `${variable}=${valueText(one.variable, one.value)}${own === null ? '' : ` (scenario default: ${valueText(variable, own)})`}`
  })
  const thresholds =
    overridden.thresholds === 'own'
      ? "thresholds: the scenario's own, written for its own load"
      : 'thresholds: from STRESS_THRESHOLDS'
  return [...load, thresholds]
}

function valueText(variable: string, value: string | number | null): string {
  if (typeof value !== 'number') return oneLine(value ?? 'none')
  return variable === 'STRESS_SIZE' ? size(value) : value.toLocaleString('en')
}

export function messageFacts({ metrics }: Result): Fact[] {
  const { deferred, rejected, failed, dropped, not_reached: notReached } = metrics.outcomes
  const split = `  (deferred ${count(deferred)}, rejected ${count(rejected)}, failed ${count(failed)}, dropped ${count(dropped)})`
  return factsFrom([
    ['Total', count(metrics.total_messages)],
    ['Successful', count(metrics.successful_messages)],
    ['Not successful', count(metrics.failed_messages) + (metrics.failed_messages > 0 ? split : '')],
    ...(notReached === 0
      ? []
      : [['Not reached', `${count(notReached)}  (the run ended before their turn)`] as const]),
    ['Connection errors', count(metrics.connection_errors)],
    ['Success rate', dueMessages(metrics) === 0 ? percent(null) : percent(metrics.success_rate)],
  ])
}

export function performanceFacts(result: Result): Fact[] {
  const { metrics } = result
  return factsFrom([
    [
      'Duration',
      `${seconds(metrics.duration_seconds)}  (attack window ${seconds(metrics.window_seconds)}, drain ${seconds(metrics.drain_seconds)})`,
    ],
    ['Rate', rateSentence(result)],
    ['Throughput', `${perSecond(metrics.throughput)} accepted, over attack window and drain`],
    ['Data', dataSentence(result)],
    ['Sessions', `${count(metrics.sessions_opened)} opened${sessionTroubles(metrics)}`],
  ])
}

/** What went wrong with the sessions, to stand behind their number: `, 3 reconnects, 2 ended badly`, or nothing. */
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

function rateSentence({ metrics, target_rate }: Result): string {
  const rate = `${perSecond(metrics.rate)} started in the attack window`
  if (target_rate === null) return `${rate} (closed model: no target rate)`
  return `${rate}, target ${perSecond(target_rate)} (${percent(metrics.rate_error)} off)`
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

/** What the ledger says, with the first ids of what it found. */
export function ledgerFacts({ ledger }: Result): Fact[] {
  const ids = [
    ['Lost', ledger.lost_ids],
    ['Duplicated', ledger.duplicated_ids],
    ['Corrupted', ledger.corrupted_ids],
  ] as const
  return [
    { label: 'Ledger', value: ledgerSentence(ledger) },
    ...ids
      .filter(([, list]) => list.length > 0)
      .map(([label, list]): Fact => ({ label, value: list.join(', '), in: PAGES })),
  ]
}

/** What the machine that sent had to do, and whether it kept up. */
export function generatorFact({ generator }: Result): Fact {
  const { threads, cpu_percent: cpu, scheduling_lag_ms: lag, event_loop_delay_ms: loop } = generator
  const late =
    lag.count === 0
      ? ''
      : `, scheduling lag p99 ${shortMilliseconds(lag.p99)} max ${shortMilliseconds(lag.max)}`
  return {
    label: 'Generator',
    value: `${counted(threads, 'thread')}, CPU ${decimal(cpu, 0)} % of one core${late}, event loop delay p99 ${shortMilliseconds(loop.p99)}`,
  }
}
