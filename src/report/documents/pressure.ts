import type { LatencySummary } from '../../engine/histogram.ts'
import type {
  AccountRow,
  Finding,
  PressureMetrics,
  PressureResult,
  PressureTimelineRow,
  PressureVerification,
  TenantRow,
} from '../../pressure/result.ts'
import {
  type Block,
  type Card,
  type Cell,
  type Column,
  type Document,
  type Fact,
  facts,
  factsFrom,
  left,
  type Medium,
  PAGES,
  type Part,
  right,
  table,
  withoutEmptyColumns,
} from '../block.ts'
import {
  count,
  counted,
  decimal,
  MISSING,
  percent,
  perSecond,
  seconds,
  shortMilliseconds,
  size,
} from '../format.ts'
import { distributionChart } from '../html/charts/latency.ts'
import { pressureCharts } from '../html/charts/pressure.ts'
import { faultFacts, pressureReason, verificationSentence, whyNotVerified } from '../verdict.ts'
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
import { latencyTable } from './latency.ts'

/** A run of the mail proxy under pressure. */
export function pressureDocument(result: PressureResult): Document {
  const { observations } = result
  return {
    head: headOf(result, { reason: pressureReason(result), facts: headFacts(result) }),
    conclusion: [
      { title: '', parts: [{ kind: 'cards', rows: pressureCards(result) }], in: PAGES },
      thresholdsBlock(result.thresholds),
      {
        title: 'Observations',
        parts: [{ kind: 'remarks', remarks: observations.map((text) => ({ text })) }],
      },
      diagnosisBlock(result.diagnosis),
    ],
    body: [
      // A page has them in its cards, and whole among the circumstances.
      { title: 'Messages', parts: [facts(messageFacts(result))], in: NOT_HTML, folded: true },
      sideBySideBlock(result.side_by_side),
      eventsBlock(result),
      overTimeBlock(result),
      tenantsBlock(result),
      clientsBlock(result.tenants),
      accountsBlock(result.accounts),
      timesBlock(result),
      circumstancesBlock(result),
      figuresBlock(result),
    ],
  }
}

const NOT_HTML: readonly Medium[] = ['text', 'markdown']

function headFacts(result: PressureResult): Fact[] {
  const { proxy, metrics, tenants, accounts } = result
  const instances = proxy.instances === 1 ? 'one' : String(proxy.instances)
  return [
    ...factsFrom([
      ['Test type', 'pressure: tenants, proxy, PostgreSQL, SMTP sink'],
      ['Proxy', `${proxy.implementation}, ${instances} ${WHERE[proxy.runs]}`],
      ['Load', `${counted(tenants.length, 'tenant')}, ${counted(accounts.length, 'account')}`],
    ]),
    backendFact(result),
    {
      label: 'Duration',
      value: `${seconds(metrics.duration_seconds)}  (hand-over ${seconds(metrics.window_seconds)}, drain ${seconds(metrics.drain_seconds)})`,
    },
    seedFact(result),
    ...whereAndWhen(result),
  ]
}

const WHERE: Readonly<Record<PressureResult['proxy']['runs'], string>> = {
  'in-process': 'in the test process',
  processes: 'as processes of this machine',
  containers: 'in containers',
  external: 'given by PROXY_URL',
}

function messageFacts({ metrics, verification }: PressureResult): Fact[] {
  const memory = [
    `test process ${size(metrics.peak_test_process_memory_bytes)}`,
    ...(metrics.peak_proxy_memory_bytes === null ? [] : [`proxies ${size(metrics.peak_proxy_memory_bytes)}`]),
  ]
  const served = metrics.attachments_served
  return factsFrom([
    ['Verified', verificationSentence(verification)],
    ['Success rate', metrics.total_messages === 0 ? percent(null) : percent(metrics.success_rate)],
    [
      'Throughput',
      `${perSecond(metrics.messages_per_second)} delivered, from the first hand-over to the last delivery`,
    ],
    ['Data', `${size(metrics.total_bytes_sent)} delivered`],
    [
      'Attachments',
      `${counted(served, 'fetch', 'fetches')}, ${size(metrics.attachment_bytes_served)}${cacheOf(metrics)}`,
    ],
    [
      'Sync calls',
      `${counted(metrics.sync_calls, 'call')}, ${counted(metrics.dnd_periods, 'DND period')}, ${counted(metrics.dnd_violations, 'DND violation')}`,
    ],
    ['Queue', metrics.peak_pending === null ? 'not read' : `at most ${count(metrics.peak_pending)} pending`],
    [
      'Fairness',
      metrics.fairness === null
        ? MISSING
        : `p95 of the slowest tenant is ${decimal(metrics.fairness, 2)} × that of the fastest (messages without attachments)`,
    ],
    ['Peak memory', memory.join(', ')],
  ])
}

function cacheOf({
  cache_hit_rate: hits,
  delivery_cache_hit_rate: spared,
}: PressureResult['metrics']): string {
  const parts: string[] = []
  if (hits !== null) parts.push(`cache hit rate ${percent(hits)}`)
  if (spared !== null) parts.push(`${percent(spared)} of avoidable fetches avoided`)
  return parts.length === 0 ? '' : `; ${parts.join(', ')}`
}

/** Warning signs that were found in the figures, with what to do. */
function diagnosisBlock(findings: readonly Finding[]): Block {
  const none: Part = { kind: 'calm', text: 'No known warning sign was found.', in: ['html'] }
  const found: Part = {
    kind: 'findings',
    findings: findings.map(({ rule, severity, symptom, evidence, cause, action }) => ({
      title: symptom,
      grade: severity,
      tone: severity === 'critical' ? 'bad' : 'warn',
      rule,
      facts: factsFrom([
        ['Evidence', evidence],
        ['Cause', cause],
        ['Action', action],
      ]),
    })),
  }
  return { title: 'Diagnosis', linked: true, parts: [findings.length === 0 ? none : found] }
}

const TENANT: Column = left('tenant', { most: 40 })

interface Delivery {
  readonly title: string
  readonly short?: string
  readonly key: Checked
  readonly isFault?: true
}

const DELIVERIES: readonly Delivery[] = [
  { title: 'messages', key: 'handed_over' },
  { title: 'delivered', key: 'delivered' },
  { title: 'still queued', short: 'queued', key: 'still_queued' },
  { title: 'lost', key: 'lost', isFault: true },
  { title: 'duplicated', short: 'dup', key: 'duplicated', isFault: true },
  { title: 'corrupted', short: 'corrupt', key: 'corrupted', isFault: true },
  { title: 'unreported', short: 'unrep', key: 'unreported', isFault: true },
]

/** What hardly ever happens has a column only when it did. */
const RARELY: readonly Delivery[] = [
  { title: 'misreported', short: 'misrep', key: 'misreported', isFault: true },
  { title: 'unknown', key: 'unknown', isFault: true },
  { title: 'errors', key: 'errors' },
]

type Checked = Exclude<
  {
    [Key in keyof PressureVerification]: PressureVerification[Key] extends number | null ? Key : never
  }[keyof PressureVerification],
  undefined
>

/** What became of each tenant's messages, and of all, with the ids of those that went wrong. */
function tenantsBlock({ tenants, verification, metrics }: PressureResult): Block {
  const rare = RARELY.filter(({ key }) => (verification[key] ?? 0) > 0)
  const checks = [...DELIVERIES, ...rare]
  const cells = (
    name: string,
    checked: PressureVerification,
    times: Pick<TenantRow, 'end_to_end_ms' | 'report_lag_ms'>,
  ): Cell[] => [
    name,
    ...checks.map(({ key, isFault }): Cell => {
      const text = count(checked[key])
      return isFault && (checked[key] ?? 0) > 0 ? { text, tone: 'bad' } : text
    }),
    shortMilliseconds(times.end_to_end_ms.p50),
    shortMilliseconds(times.end_to_end_ms.p95),
    shortMilliseconds(times.report_lag_ms.p95),
  ]
  const columns = [
    TENANT,
    ...checks.map(({ title, short }) => right(title, short === undefined ? {} : { short })),
    ...['p50', 'p95', 'report p95'].map((title) => right(title)),
  ]
  const rows = tenants.map((tenant) => cells(tenant.tenant_id, tenant.verification, tenant))
  const all = tenants.length === 1 ? [] : [cells('all', verification, metrics)]
  const faults = factsFrom(faultFacts(verification))
  return {
    title: 'Tenants',
    note: verification.verified ? undefined : `Not verified: ${whyNotVerified(verification)}.`,
    noteIn: PAGES,
    linked: true,
    parts: [...table(columns, rows, { last: all }), facts(faults)],
  }
}

/** For a terminal only where it tells something. */
const OVER_LIMIT = right('over limit', { in: PAGES })

type ClientColumn = readonly [column: Column, cell: (tenant: TenantRow) => Cell]

const CLIENTS: readonly ClientColumn[] = [
  [TENANT, (tenant) => tenant.tenant_id],
  [left('profile', { in: PAGES }), ({ profile, intake }) => ({ text: profile, more: intake })],
  [right('syncs'), (tenant) => count(tenant.sync_calls)],
  [right('generated', { in: PAGES }), (tenant) => count(tenant.messages_generated)],
  [right('msg/sync'), (tenant) => decimal(tenant.msg_per_sync, 1)],
  [right('reports'), (tenant) => count(tenant.reports_received)],
  [right('attachments'), (tenant) => count(tenant.attachments_served)],
  [right('served'), (tenant) => size(tenant.attachment_mb_served * 1024 ** 2)],
  [right('repeats'), (tenant) => percent(tenant.generation_cache_hit_rate)],
  [right('avoided'), (tenant) => percent(tenant.delivery_cache_hit_rate)],
  [right('DND'), dndCell],
  [OVER_LIMIT, (tenant) => count(tenant.over_limit)],
  [right('sync p95'), (tenant) => shortMilliseconds(tenant.sync_response_ms.p95)],
]

/** What each tenant's client counted; without columns that say nothing. */
function clientsBlock(tenants: readonly TenantRow[]): Block {
  const rows = tenants.map((tenant) => CLIENTS.map(([, cell]) => cell(tenant)))
  const isOver = tenants.some(({ over_limit }) => over_limit !== null && over_limit > 0)
  const columns = CLIENTS.map(([column]) => (isOver && column === OVER_LIMIT ? right(column.title) : column))
  return {
    title: 'Clients',
    folded: true,
    linked: true,
    parts: table(columns, rows).map((one) => withoutEmptyColumns(one, (text) => text === MISSING)),
  }
}

function dndCell({ dnd_periods, dnd_violations }: TenantRow): Cell {
  if (dnd_violations === 0) return count(dnd_periods)
  return { text: `${count(dnd_periods)} (${count(dnd_violations)} violated)`, tone: 'bad' }
}

function accountsBlock(accounts: readonly AccountRow[]): Block {
  const columns = [
    left('account', { most: 40 }),
    left('tenant', { most: 40, in: PAGES }),
    ...['sent', 'errors', 'deferred', 'rate limited'].map((title) => right(title)),
  ]
  const rows = accounts.map(({ account_id, tenant_id, sent, errors, deferred, rate_limited }) => [
    account_id,
    tenant_id,
    ...[sent, errors, deferred, rate_limited].map(count),
  ])
  const note = 'As counted by the proxy.'
  return { title: 'Accounts', note, noteIn: ['html'], folded: true, parts: table(columns, rows) }
}

/** Their numbers stand at the lines in the charts. */
function eventsBlock({ events }: PressureResult): Block {
  return { title: 'Events', folded: true, parts: events.length === 0 ? [] : [{ kind: 'events', events }] }
}

const TIMELINE: readonly TimeColumn<PressureTimelineRow>[] = [
  { title: 'handed over', of: 'sum', read: (row) => row.handed_over },
  { title: 'delivered', of: 'sum', read: (row) => row.delivered },
  { title: 'reported', of: 'sum', read: (row) => row.reported },
  { title: 'syncs', of: 'sum', read: (row) => row.sync_calls },
  { title: 'pending', of: 'last', read: (row) => row.pending },
  { title: 'deferred', of: 'sum', read: (row) => row.deferred },
  { title: 'p95 ms', of: 'worst', read: (row) => row.end_to_end_ms.p95 },
]

function overTimeBlock(result: PressureResult): Block {
  return {
    title: 'Over time',
    note: 'All charts share one axis, in seconds since the start.',
    noteIn: ['html'],
    folded: true,
    linked: true,
    parts: [
      { kind: 'charts', place: 'time', charts: pressureCharts(result) },
      ...timelineTable(result.timeline, TIMELINE),
    ],
  }
}

function timesBlock({ metrics, histograms }: PressureResult): Block {
  const rows: [string, LatencySummary][] = [
    ['hand-over to sink', metrics.end_to_end_ms],
    ['sink to report', metrics.report_lag_ms],
    ['sync response', metrics.sync_response_ms],
    ['call after DND', metrics.dnd_resume_ms],
  ]
  const distribution = distributionChart([
    { label: 'hand-over to sink', tone: 'accent', histogram: histograms.end_to_end },
    { label: 'sink to report', tone: 'line-1', dashed: true, histogram: histograms.report_lag },
  ])
  return {
    title: 'Times',
    folded: true,
    linked: true,
    parts: [
      { kind: 'charts', place: 'distribution', charts: distribution === undefined ? [] : [distribution] },
      ...latencyTable(rows, ['avg', 'p50', 'p90', 'p95', 'p99', 'max']),
    ],
  }
}

function circumstancesBlock(result: PressureResult): Block {
  const { proxy } = result
  const settings = Object.entries(proxy.settings).map(([name, value]) => `${name}=${value}`)
  return {
    title: 'Run details',
    in: PAGES,
    folded: true,
    parts: [
      facts([
        ...messageFacts(result).map((fact) => ({ ...fact, in: ['html'] as const })),
        { label: 'Proxies', value: proxy.urls.join(', ') || MISSING },
        { label: 'Settings', value: settings.join(', ') || MISSING },
        ...environmentFacts(result),
      ]),
    ],
  }
}

/** End to end is often minutes: from ten seconds on in seconds. */
function latencyText(ms: number | null): string {
  return ms !== null && ms >= 10_000 ? `${decimal(ms / 1000, 1)} s` : shortMilliseconds(ms)
}

export function pressureCards({ metrics, verification }: PressureResult): Card[][] {
  const { latency_ms: latency } = metrics
  const { delivered, lost, duplicated } = verification
  return [
    messageCards(metrics, delivered),
    [
      {
        id: 'p50',
        label: 'p50 end to end',
        value: latencyText(latency.p50),
        detail: 'hand-over to sink',
      },
      {
        id: 'p95',
        label: 'p95 end to end',
        value: latencyText(latency.p95),
        detail: fairness(metrics),
      },
      {
        id: 'p99',
        label: 'p99 end to end',
        value: latencyText(latency.p99),
        detail: `max ${latencyText(latency.max)}`,
      },
      { id: 'lost', label: 'Lost', value: count(lost), detail: `${count(duplicated)} duplicated` },
      {
        id: 'pending',
        label: 'Peak pending',
        value: count(metrics.peak_pending),
        detail:
          metrics.peak_proxy_memory_bytes === null
            ? `test process ${size(metrics.peak_test_process_memory_bytes)}`
            : `proxies ${size(metrics.peak_proxy_memory_bytes)}`,
      },
    ],
  ]
}

function messageCards(metrics: PressureMetrics, delivered: number | null): Card[] {
  const none = metrics.total_messages === 0
  return [
    {
      id: 'messages',
      label: 'Handed over',
      value: count(metrics.total_messages),
      detail: `${count(delivered)} delivered`,
    },
    {
      id: 'success',
      label: 'Success rate',
      value: none ? MISSING : percent(metrics.success_rate),
      detail: 'delivered once, intact',
    },
    {
      id: 'throughput',
      label: 'Throughput',
      value: perSecond(metrics.messages_per_second),
      detail: 'delivered, over the whole run',
    },
    {
      id: 'duration',
      label: 'Duration',
      value: seconds(metrics.duration_seconds),
      detail: `including ${decimal(metrics.drain_seconds, 2)} s drain`,
    },
    {
      id: 'data',
      label: 'Attachments',
      value: size(metrics.attachment_bytes_served),
      detail: `${count(metrics.attachments_served)} fetched, cache hit rate ${percent(metrics.cache_hit_rate)}`,
    },
  ]
}

function fairness({ fairness }: PressureMetrics): string {
  return fairness === null ? 'one tenant' : `slowest tenant ${decimal(fairness, 2)} × the fastest`
}
