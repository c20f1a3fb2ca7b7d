import type { CustomMetricResult } from '../../engine/custom-metrics.ts'
import type { LatencySummary } from '../../engine/histogram.ts'
import {
  dueMessages,
  type GeneratorResult,
  type Headroom,
  type LedgerResult,
  type Metrics,
  type PipeliningRow,
  type Result,
  type TimelineRow,
} from '../../engine/result.ts'
import { unitOfTrend } from '../../figures/custom.ts'
import {
  type Block,
  type Card,
  type Document,
  type Fact,
  facts,
  factsFrom,
  left,
  type Medium,
  PAGES,
  type Remark,
  right,
  table,
} from '../block.ts'
import { oneLine } from '../escape.ts'
import {
  count,
  counted,
  decimal,
  figure,
  listed,
  MISSING,
  percent,
  perSecond,
  seconds,
  shortMilliseconds,
  size,
} from '../format.ts'
import type { Chart } from '../html/charts/chart.ts'
import { isShort, timeNote, withBars } from '../html/charts/thin.ts'
import { resourceCharts, timelineCharts } from '../html/charts/timeline.ts'
import { verdictReason } from '../verdict.ts'
import { clientBlocks } from './clients.ts'
import {
  backendFact,
  environmentFacts,
  figuresBlock,
  headOf,
  seedFact,
  sideBySideBlock,
  type TimeColumn,
  thresholdsBlock,
  timelineTable,
  whereAndWhen,
} from './common.ts'
import { accountSentence, deliveryBlock, deliveryFacts } from './delivery.ts'
import { driftBlock } from './drift.ts'
import { failureBlocks } from './failures.ts'
import { phasesBlock, responseTimesBlock } from './latency.ts'
import { generatorsBlock, resourcesBlock, serversBlock } from './machines.ts'
import { nextHopBlock, nextHopFacts } from './next-hop.ts'
import { searchBlock } from './search.ts'

/** A run of the SMTP stress tests. */
export function smtpDocument(result: Result): Document {
  return {
    head: headOf(result, { reason: verdictReason(result), facts: headFacts(result) }),
    conclusion: [
      { title: '', parts: [{ kind: 'cards', rows: smtpCards(result) }], in: PAGES },
      thresholdsBlock(result.thresholds),
      { title: 'Observations', parts: [{ kind: 'remarks', remarks: remarks(result) }] },
      {
        title: '',
        parts: [facts([...ledgerFacts(result), ...deliveryFacts(result), ...generatorFacts(result)])],
        in: ['text'],
      },
    ],
    body: [
      // A page has them in its cards, and whole among the circumstances.
      { title: 'Messages', parts: [facts(messageFacts(result))], in: NOT_HTML, folded: true },
      { title: 'Performance', parts: [facts(performanceFacts(result))], in: NOT_HTML, folded: true },
      searchBlock(result.search),
      nextHopBlock(result),
      sideBySideBlock(result.side_by_side),
      overTimeBlock(result),
      deliveryBlock(result),
      driftBlock(result),
      responseTimesBlock(result),
      phasesBlock(result.metrics),
      serversBlock(result),
      ...failureBlocks(result),
      ...clientBlocks(result),
      generatorsBlock(result),
      customMetricsBlock(result),
      resourcesBlock(result),
      circumstancesBlock(result),
      figuresBlock(result),
    ],
  }
}

const NOT_HTML: readonly Medium[] = ['text', 'markdown']

/** What makes the figures doubtful or needs a second look, in sentences. */
function remarks(result: Result): Remark[] {
  const { generator, ledger, observations } = result
  const overridden = overriddenParts(result)
  return [
    ...generatorBound(generator),
    ...(ledger.verified ? [] : [{ text: `Deliveries are ${ledgerSentence(ledger)}`, in: PAGES }]),
    ...(overridden.length === 0
      ? []
      : [{ text: `Overridden: ${overridden.join('; ')}`, in: ['markdown'] as const }]),
    ...observations.map((text) => ({ text })),
  ]
}

function generatorBound({ bound, bound_reasons: reasons }: GeneratorResult): Remark[] {
  if (!bound) return []
  const why = reasons.join('; ') || 'no reason given'
  const text = `generator-bound: these figures may show the limits of the load generator, not of the servers (${why})`
  return [{ text, tone: 'warn' }]
}

const TIMELINE: readonly TimeColumn<TimelineRow>[] = [
  { title: 'due', of: 'sum', read: (row) => row.due },
  { title: 'started', of: 'sum', read: (row) => row.started },
  { title: 'accepted', of: 'sum', read: (row) => row.accepted },
  { title: 'not accepted', of: 'sum', read: (row) => row.deferred + row.rejected + row.failed },
  { title: 'in flight', of: 'last', read: (row) => row.in_flight },
  { title: 'queued', of: 'last', read: (row) => row.queued },
  { title: 'sessions', of: 'sum', read: (row) => row.sessions_opened },
  { title: 'p99 ms', of: 'worst', read: (row) => row.response_time_ms.p99 },
  { title: 'max ms', of: 'worst', read: (row) => row.response_time_ms.max },
]

function overTimeBlock(result: Result): Block {
  const { timeline, metrics } = result
  return {
    title: 'Over time',
    note: timeNote(timeline, metrics.duration_seconds),
    noteIn: ['html'],
    folded: true,
    linked: true,
    parts: [
      { kind: 'charts', place: 'time', charts: overTimeCharts(result) },
      ...timelineTable(timeline, TIMELINE),
    ],
  }
}

function overTimeCharts(result: Result): Chart[] {
  const charts = [...timelineCharts(result), ...resourceCharts(result.resource_usage)]
  return isShort(result) ? withBars(charts) : charts
}

function circumstancesBlock(result: Result): Block {
  const { sender, recipient } = result.workload
  const inPage = [...messageFacts(result), ...performanceFacts(result)]
  return {
    title: 'Run details',
    in: PAGES,
    folded: true,
    parts: [
      facts([
        ...inPage.map((fact) => ({ ...fact, in: ['html'] as const })),
        ...ledgerFacts(result),
        ...deliveryFacts(result),
        ...generatorFacts(result),
        { label: 'Addresses', value: `${sender} → ${recipient}` },
        ...environmentFacts(result),
      ]),
    ],
  }
}

/** The figures that are looked at first. */
export function smtpCards(result: Result): Card[][] {
  const { metrics, ledger } = result
  return [loadCards(result), [...latencyCards(metrics.response_time_ms), lostCard(ledger)]]
}

function loadCards(result: Result): Card[] {
  const { metrics, target_rate: target } = result
  const [accepted = '', sent] = dataSentence(result).split(', ')
  return [
    { id: 'messages', label: 'Messages', value: count(metrics.total_messages), detail: notAccepted(metrics) },
    {
      id: 'success',
      label: 'Success rate',
      value: dueMessages(metrics) === 0 ? MISSING : percent(metrics.success_rate),
      detail: `${count(metrics.successful_messages)} accepted`,
    },
    {
      id: 'throughput',
      label: 'Throughput',
      value: perSecond(metrics.throughput),
      detail: rateDetail(metrics, target),
    },
    {
      id: 'duration',
      label: 'Duration',
      value: seconds(metrics.duration_seconds),
      detail: `including ${decimal(metrics.drain_seconds, 2)} s drain`,
    },
    {
      id: 'data',
      label: 'Data accepted',
      value: accepted.replace(' accepted', ''),
      detail: `${sent === undefined ? '' : `${sent}; `}${count(metrics.sessions_opened)} sessions${sessionTroubles(metrics)}`,
    },
  ]
}

function latencyCards(latency: Omit<LatencySummary, 'count'>): Card[] {
  return [
    { id: 'p50', label: 'p50 response', value: shortMilliseconds(latency.p50), detail: 'median' },
    {
      id: 'p95',
      label: 'p95 response',
      value: shortMilliseconds(latency.p95),
      detail: `p90 ${shortMilliseconds(latency.p90)}`,
    },
    {
      id: 'p99',
      label: 'p99 response',
      value: shortMilliseconds(latency.p99),
      detail: `p99.9 ${shortMilliseconds(latency.p99_9)}`,
    },
    {
      id: 'max',
      label: 'Max response',
      value: shortMilliseconds(latency.max),
      detail: `average ${shortMilliseconds(latency.avg)}`,
    },
  ]
}

function lostCard({ verified, lost, duplicated, account }: LedgerResult): Card {
  const also = account === undefined ? '' : `, ${count(account.bounced)} bounced`
  return {
    id: 'lost',
    label: 'Lost',
    value: count(verified ? lost : null),
    detail: verified ? `${count(duplicated)} duplicated${also}` : 'not verified',
  }
}

function notAccepted({ failed_messages: failed, outcomes: { not_reached: notReached } }: Metrics): string {
  if (notReached > 0) return `${count(failed)} not accepted, ${count(notReached)} not reached`
  return failed === 0 ? 'all accepted' : `${count(failed)} not accepted`
}

function rateDetail({ rate, rate_error }: Metrics, target: number | null): string {
  if (target === null) return 'closed model: no target rate'
  return `target ${perSecond(target)}, started ${perSecond(rate)} (${percent(rate_error)} off)`
}

const CUSTOM_COLUMNS = [left('metric', { most: 40 }), left('kind'), right('value'), left('', { long: true })]

/** The metrics that a scenario brought along. */
function customMetricsBlock({ custom_metrics: metrics = {} }: Pick<Result, 'custom_metrics'>): Block {
  const rows = Object.entries(metrics).map(([name, metric]) => [name, metric.kind, ...cells(name, metric)])
  return { title: 'Custom metrics', folded: true, parts: table(CUSTOM_COLUMNS, rows) }
}

/** The figure that stands for the metric, and what else is known of it. */
function cells(name: string, metric: CustomMetricResult): [value: string, more: string] {
  switch (metric.kind) {
    case 'counter':
      return [figure(metric.sum), perSecond(metric.per_second)]
    case 'gauge': {
      const { value, min, max, at_seconds: at } = metric
      const last = at === null ? '' : `, last at ${seconds(at)}`
      return [figure(value), `min ${figure(min)}, max ${figure(max)}${last}`]
    }
    case 'rate':
      return [percent(metric.share), `${count(metric.hits)} of ${count(metric.total)}`]
    case 'trend':
      return trendCells(metric.summary, unitOfTrend(name) === 'ms' ? ' ms' : '')
    default:
      return metric satisfies never
  }
}

function trendCells(summary: LatencySummary, unit: string): [value: string, more: string] {
  const named = [
    ['min', summary.min],
    ['avg', summary.avg],
    ['p50', summary.p50],
    ['p99', summary.p99],
    ['max', summary.max],
  ] as const
  const others = named.map(([name, value]) => `${name} ${figure(value)}`)
  return [`p95 ${figure(summary.p95)}${unit}`, `${others.join(', ')}, ${count(summary.count)} values`]
}

/** More server names than this are counted, not listed. */
const MOST_SERVERS = 5

function headFacts(result: Result): Fact[] {
  const { workload } = result
  return [
    ...factsFrom([
      ['Test type', `${result.test_type} (${workload.executor}, ${workload.model} model)`],
      ['Servers', listed(result.servers, MOST_SERVERS)],
      ...namesOf(result).map((name) => ['DNS', name] as const),
      ...sizeFacts(result),
      ['Workload', workloadSentence(result)],
      ...clientFacts(result),
      ...overriddenParts(result).map((part) => ['Overridden', part] as const),
    ]),
    ...nextHopFacts(result),
    backendFact(result),
    seedFact(result),
    ...whereAndWhen(result),
  ]
}

/** One size, how sizes are spread, or what is known of real mail. */
function sizeFacts(result: Result): (readonly [string, string])[] {
  const { message_size: mean } = result
  const { corpus } = result.workload
  if (corpus === undefined) return [['Message size', sizeSentence(result)]]
  const { name, messages, files, bytes, size_bytes: sizes } = corpus
  const spread = `p50 ${size(sizes.p50)}, p90 ${size(sizes.p90)}, p99 ${size(sizes.p99)}, max ${size(sizes.max)}`
  return [
    ['Corpus', `${name}: ${counted(messages, 'message')} in ${counted(files, 'file')}, ${size(bytes)}`],
    ['Message size', `${size(mean)} in the mean; ${spread}`],
  ]
}

/** Where sessions came from, and as whom. */
function clientFacts({ workload: { client } }: Result): (readonly [string, string])[] {
  if (client === undefined) return []
  const { local_addresses: own, proxy_protocol: proxy, proxy_sources: sources, xclient } = client
  const said = [
    client.ehlo_name !== undefined && `EHLO ${client.ehlo_name}`,
    own !== undefined && `from ${own} local ${own === 1 ? 'address' : 'addresses'}`,
    proxy !== undefined && `PROXY protocol ${proxy}`,
    sources !== undefined && `${sources} ${sources === 1 ? 'source' : 'sources'} in it`,
    xclient !== undefined && `XCLIENT ${xclient}`,
    client.tls_min_version !== undefined && `${client.tls_min_version} at least`,
    client.tls_server_name !== undefined && `server name ${client.tls_server_name}`,
    client.client_certificate === true && 'a certificate of its own',
  ]
  return [['Client', said.filter((part) => part !== false).join(', ')]]
}

function workloadSentence({ workload, pipelining = [] }: Result): string {
  const shape =
    workload.messages_per_session === 'unlimited'
      ? 'sessions kept open'
      : `${counted(workload.messages_per_session, 'message')} per session`
  const parts = [
    counted(workload.planned, 'message'),
    counted(workload.workers, 'worker'),
    `up to ${counted(workload.max_sessions, 'session')}`,
    shape,
    levelSentence(workload, pipelining),
  ]
  const { recipients, recipients_distribution: spread } = workload
  if (spread !== undefined) parts.push(`${spread.text} recipients`)
  else if (recipients > 1) parts.push(counted(recipients, 'recipient'))
  if (workload.tls !== 'none') parts.push(`TLS ${workload.tls}`)
  if (workload.auth !== null) parts.push(`AUTH ${workload.auth}`)
  if (workload.accounts !== undefined) parts.push(`AUTH by ${counted(workload.accounts, 'account')} in turn`)
  const { think_time_ms: thinkMs, break_off_percent: breakOff } = workload
  if (thinkMs !== undefined)
    parts.push(
      `think time ${[...new Set(thinkMs)].join('–')} ms (in response and service times, in no phase)`,
    )
  if (breakOff !== undefined)
    parts.push(
      `clients break off: ${Object.entries(breakOff)
        .map(([phase, percent]) => `${percent} % in ${phase}`)
        .join(', ')}`,
    )
  return parts.join(', ')
}

/** What was asked for, and where a server was sent to at a lower level. */
function levelSentence(
  { pipelining: asked, pipeline_depth: depth }: Result['workload'],
  rows: readonly PipeliningRow[],
): string {
  const others = rows.filter(({ used }) => used !== asked)
  const levels = new Set(others.map(({ used }) => used))
  const atDepth = depth === undefined ? '' : `, depth ${depth}`
  if (others.length === 0) return `pipelining ${asked}${atDepth}`
  if (others.length === rows.length && levels.size === 1)
    return `pipelining ${[...levels].join()} (${asked} was asked for)`
  return `pipelining ${asked}${atDepth} (${others.length} of ${counted(rows.length, 'server')}: ${[...levels].join(', ')})`
}

/** `10 KB`, or `1 KB to 100 KB, 50.5 KB in the mean`. */
function sizeSentence({ message_size: bytes, workload: { size_distribution: spread } }: Result): string {
  return spread === undefined ? size(bytes) : `${spread.text}, ${size(bytes)} in the mean`
}

/** Servers given by name, and what the names stood for. */
function namesOf({ name_lookups: names = [] }: Result): string[] {
  return names.map(
    ({ host, addresses, lookup_ms: tookMs }) =>
      `${host} → ${listed(addresses, MOST_SERVERS)} (one lookup, ${shortMilliseconds(tookMs)})`,
  )
}

/** What the environment put in the place of the scenario's own load, and whose thresholds judged it; none without. */
function overriddenParts({ overridden }: Result): string[] {
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

function messageFacts({ metrics }: Result): Fact[] {
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

function performanceFacts(result: Result): Fact[] {
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
function sessionTroubles({ reconnects = 0, session_failures: failures = 0 }: Metrics): string {
  const reconnected = reconnects > 0 ? `, ${counted(reconnects, 'reconnect')}` : ''
  return failures > 0 ? `${reconnected}, ${count(failures)} ended badly` : reconnected
}

/** `48.83 MB accepted`; where whole messages went over the wire and were refused then, what was sent too. */
function dataSentence({ metrics, workload }: Result): string {
  const accepted = `${size(metrics.total_bytes_sent)} accepted`
  // Of sizes that differ, the mean says nothing of those that were refused.
  if (workload.size_distribution !== undefined || workload.corpus !== undefined) return accepted
  const transferred = (metrics.phases_ms.transfer?.count ?? 0) * workload.size_bytes
  return transferred > metrics.total_bytes_sent ? `${accepted}, of ${size(transferred)} sent` : accepted
}

function rateSentence({ metrics, target_rate }: Result): string {
  const rate = `${perSecond(metrics.rate)} started in the attack window`
  if (target_rate === null) return `${rate} (closed model: no target rate)`
  return `${rate}, target ${perSecond(target_rate)} (${percent(metrics.rate_error)} off)`
}

/** What the ledger says, in one line; `not verified` is never dressed up as `nothing lost`. */
function ledgerSentence(ledger: LedgerResult): string {
  if (!ledger.verified) return `not verified: ${ledger.why_not ?? 'the target keeps no ledger'}`
  if (ledger.account !== undefined) return accountSentence(ledger, ledger.account)
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
function ledgerFacts({ ledger }: Result): Fact[] {
  const ids = [
    ['Lost', ledger.lost_ids],
    ['Duplicated', ledger.duplicated_ids],
    ['Corrupted', ledger.corrupted_ids],
    ['Bounced', ledger.account?.bounced_ids ?? []],
    ['Misrouted', ledger.account?.misrouted_ids ?? []],
  ] as const
  return [
    { label: 'Ledger', value: ledgerSentence(ledger) },
    ...ids
      .filter(([, list]) => list.length > 0)
      .map(([label, list]): Fact => ({ label, value: list.join(', '), in: PAGES })),
  ]
}

/** What the machine that sent had to do, and whether it kept up. */
function generatorFacts({ generator }: Result): Fact[] {
  const { threads, cpu_percent: cpu, scheduling_lag_ms: lag, event_loop_delay_ms: loop, headroom } = generator
  const late =
    lag.count === 0
      ? ''
      : `, scheduling lag p99 ${shortMilliseconds(lag.p99)} max ${shortMilliseconds(lag.max)}`
  const value = `${counted(threads, 'thread')}, CPU ${decimal(cpu, 0)} % of one core${late}, event loop delay p99 ${shortMilliseconds(loop.p99)}`
  return [
    { label: 'Generator', value },
    ...(headroom === undefined ? [] : [{ label: 'Headroom', value: headroomSentence(headroom) }]),
  ]
}

function headroomSentence({ ratio, calibrated_per_second: perSecondAtMost }: Headroom): string {
  const times = ratio === null ? '' : `${decimal(ratio, 1)} times this throughput; `
  return `${times}${perSecond(perSecondAtMost)} in the calibration`
}
