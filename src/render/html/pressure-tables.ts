import type {
  AccountRow,
  Finding,
  PressureResult,
  PressureVerification,
  TenantRow,
} from '../../pressure/result.ts'
import { count, decimal, MISSING, percent } from '../format.ts'
import { left, right } from '../table.ts'
import { type Html, html } from './markup.ts'
import { table } from './table.ts'

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
export function tenantsTable(tenants: readonly TenantRow[]): Html | undefined {
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
export function deliveriesTable({ tenants, verification }: PressureResult): Html {
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

export function accountsTable(accounts: readonly AccountRow[]): Html | undefined {
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
export function diagnosis(findings: readonly Finding[]): Html {
  if (findings.length === 0) return html`<p class="calm">None of the known warning signs was found.</p>`
  return html`<ul class="findings">${findings.map(
    ({ rule, severity, symptom, evidence, cause, action }) => html`<li class="${severity}">
<h3>${symptom} <span class="dim">${severity} · ${rule}</span></h3>
<p>${evidence}</p>
<dl><div><dt>Cause</dt><dd>${cause}</dd></div><div><dt>What to do</dt><dd>${action}</dd></div></dl></li>
`,
  )}</ul>`
}
