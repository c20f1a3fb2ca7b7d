import type {
  AccountRow,
  Finding,
  PressureMetrics,
  PressureResult,
  PressureVerification,
  TenantRow,
} from '../../pressure/result.ts'
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
import { left, right } from '../table.ts'
import { pressureReason, runName } from '../verdict.ts'
import { pressureCharts } from './charts/pressure.ts'
import { commonFacts, type Fact, factList, header, remarkList } from './facts.ts'
import { type Card, cards, chartPlace, type Html, html, section, table } from './markup.ts'
import { type Assets, page } from './page.ts'
import { thresholdsTable } from './result-tables.ts'
import { sideBySideSection } from './side-by-side.ts'

const LINKS = [
  ['Diagnosis', '#diagnosis'],
  ['Over time', '#over-time'],
  ['Latency', '#latency'],
  ['Tenants', '#tenants'],
  ['Deliveries', '#deliveries'],
  ['All runs', 'index.html'],
] as const

/** A run of the mail proxy under pressure. */
export function renderPressureReport(result: PressureResult, assets: Assets): string {
  const { tenants, accounts, verification } = result
  const notVerified = verification.verified
    ? undefined
    : `Not verified: ${verification.why_not ?? 'unknown reason'}.`
  const body = html`${header({ result, reason: pressureReason(result), facts: factsOf(result) })}
${cards(pressureCards(result))}
${remarkList(result.observations)}
${section('Thresholds', thresholdsTable(result.thresholds))}
${section('Diagnosis', diagnosis(result.diagnosis))}
${sideBySideSection(result.side_by_side)}
${section('Over time', html`${eventList(result)}${chartPlace('time')}`, 'All charts share one axis, in seconds since the start.')}
${section('Latency', chartPlace('distribution'), 'End to end is from hand-over to the sink, report lag from the sink to the report at the tenant.')}
${section('Tenants', tenantsTable(tenants), 'Percentiles are in milliseconds: end to end, of the report at the tenant, of its answers to sync calls.')}
${section('Deliveries', deliveriesTable(result), notVerified)}
${section('Accounts', accountsTable(accounts), 'As the proxy counts them.')}
${section('Circumstances', factList(circumstances(result)))}`
  const title = `${runName(result)} – ${result.verdict} – mailstorm`
  return page({ title, body, charts: pressureCharts(result), links: LINKS }, assets)
}

function factsOf(result: PressureResult): Fact[] {
  const { proxy, tenants, accounts } = result
  return [
    ['Proxy', `${proxy.implementation}, ${counted(proxy.instances, 'instance')}, ${proxy.runs}`],
    ['Load', `${counted(tenants.length, 'tenant')}, ${counted(accounts.length, 'account')}`],
    ...commonFacts(result),
  ]
}

function circumstances({ proxy, metrics, format }: PressureResult): Fact[] {
  const settings = Object.entries(proxy.settings).map(([name, value]) => `${name}=${value}`)
  return [
    ['Proxies', proxy.urls.join(', ') || '–'],
    ['Settings', settings.join(', ') || '–'],
    ['Window and drain', `${seconds(metrics.window_seconds)} and ${seconds(metrics.drain_seconds)}`],
    [
      'Do not disturb',
      `${counted(metrics.dnd_periods, 'period')}, ${counted(metrics.dnd_violations, 'violation')}`,
    ],
    ['Format', format],
  ]
}

/** Their numbers stand at the lines in the charts. */
function eventList({ events }: PressureResult): Html | undefined {
  if (events.length === 0) return undefined
  return html`<ul class="events" aria-label="Events">${events.map(
    ({ at_seconds, what }, index) =>
      html`<li><b>${index + 1}</b>${what} <span class="dim">${decimal(at_seconds, 1)} s</span></li>`,
  )}</ul>`
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
        detail: `slowest ${latencyText(latency.max)}`,
      },
      { id: 'lost', label: 'Lost', value: count(lost), detail: `${count(duplicated)} duplicated` },
      {
        id: 'pending',
        label: 'Peak pending',
        value: count(metrics.peak_pending),
        detail: `proxies' memory ${size(metrics.peak_proxy_memory_bytes)}`,
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
      detail: 'once and intact',
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
      detail: `${decimal(metrics.drain_seconds, 2)} s of it drain`,
    },
    {
      id: 'data',
      label: 'Attachments',
      value: size(metrics.attachment_bytes_served),
      detail: `${count(metrics.attachments_served)} served, cache hits ${percent(metrics.cache_hit_rate)}`,
    },
  ]
}

function fairness({ fairness }: PressureMetrics): string {
  return fairness === null ? 'one tenant' : `slowest tenant ${decimal(fairness, 2)} × the fastest`
}

interface TenantColumn {
  readonly title: string
  cell(tenant: TenantRow): Html | string
}

const TENANT_COLUMNS: readonly TenantColumn[] = [
  { title: 'Syncs', cell: (tenant) => count(tenant.sync_calls) },
  { title: 'Generated', cell: (tenant) => count(tenant.messages_generated) },
  { title: 'Per sync', cell: (tenant) => decimal(tenant.msg_per_sync, 1) },
  { title: 'Files', cell: (tenant) => count(tenant.attachments_served) },
  { title: 'MB', cell: (tenant) => decimal(tenant.attachment_mb_served, 1) },
  { title: 'Cache hits', cell: (tenant) => percent(tenant.delivery_cache_hit_rate) },
  { title: 'DND', cell: dndCell },
  { title: 'Over limit', cell: (tenant) => count(tenant.over_limit) },
  { title: 'p50', cell: (tenant) => decimal(tenant.end_to_end_ms.p50, 0) },
  { title: 'p95', cell: (tenant) => decimal(tenant.end_to_end_ms.p95, 0) },
  { title: 'p99', cell: (tenant) => decimal(tenant.end_to_end_ms.p99, 0) },
  { title: 'Report p95', cell: (tenant) => decimal(tenant.report_lag_ms.p95, 0) },
  { title: 'Sync p95', cell: (tenant) => decimal(tenant.sync_response_ms.p95, 0) },
]

/** What each tenant's client counted, and how its messages fared in time; without columns that say nothing. */
function tenantsTable(tenants: readonly TenantRow[]): Html | undefined {
  if (tenants.length === 0) return undefined
  const columns = TENANT_COLUMNS.filter(({ cell }) => tenants.some((tenant) => cell(tenant) !== MISSING))
  return table({
    caption: 'Tenants',
    columns: [left('Tenant'), left('Profile'), ...columns.map(({ title }) => right(title))],
    rows: tenants.map((tenant) => [
      tenant.tenant_id,
      html`${tenant.profile} <span class="dim">${tenant.intake}</span>`,
      ...columns.map(({ cell }) => cell(tenant)),
    ]),
  })
}

function dndCell({ dnd_periods, dnd_violations }: TenantRow): Html {
  if (dnd_violations === 0) return html`${count(dnd_periods)}`
  return html`${count(dnd_periods)} <span class="bad-text">${count(dnd_violations)} violated</span>`
}

const CHECKED = [
  'handed_over',
  'delivered',
  'still_queued',
  'lost',
  'duplicated',
  'corrupted',
  'unreported',
  'misreported',
  'unknown',
  'errors',
] as const
/** Of these one is too many. */
const FAULTS: readonly string[] = ['lost', 'duplicated', 'corrupted', 'unreported', 'misreported', 'unknown']

/** What became of every message, by tenant and all together. */
function deliveriesTable({ tenants, verification }: PressureResult): Html {
  const rows: [string, PressureVerification][] = tenants.map((tenant) => [
    tenant.tenant_id,
    tenant.verification,
  ])
  if (tenants.length !== 1) rows.push(['all', verification])
  return table({
    caption: 'Deliveries',
    columns: [left('Tenant'), ...CHECKED.map((name) => right(name.replaceAll('_', ' ')))],
    rows: rows.map(([name, checked]) => [
      html`<b>${name}</b>`,
      ...CHECKED.map((key) => {
        const value = checked[key]
        const fault = FAULTS.includes(key) && value !== null && value > 0
        return fault ? html`<b class="bad-text">${count(value)}</b>` : count(value)
      }),
    ]),
  })
}

function accountsTable(accounts: readonly AccountRow[]): Html | undefined {
  if (accounts.length === 0) return undefined
  return table({
    caption: 'Accounts',
    columns: [left('Account'), left('Tenant'), ...['Sent', 'Errors', 'Deferred', 'Rate-limited'].map(right)],
    rows: accounts.map(({ account_id, tenant_id, sent, errors, deferred, rate_limited }) => [
      account_id,
      tenant_id,
      ...[sent, errors, deferred, rate_limited].map(count),
    ]),
  })
}

/** Warning signs that were found in the figures, with what to do. */
function diagnosis(findings: readonly Finding[]): Html {
  if (findings.length === 0) return html`<p class="calm">None of the known warning signs was found.</p>`
  return html`<ul class="findings">${findings.map(
    ({ rule, severity, symptom, evidence, cause, action }) => html`<li class="${severity}">
<h3>${symptom} <span class="dim">${severity} · ${rule}</span></h3>
<p>${evidence}</p>
<dl><div><dt>Cause</dt><dd>${cause}</dd></div><div><dt>What to do</dt><dd>${action}</dd></div></dl></li>
`,
  )}</ul>`
}
