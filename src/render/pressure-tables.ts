import type { LatencySummary } from '../engine/histogram.ts'
import type { AccountRow, PressureResult, TenantRow } from '../pressure/result.ts'
import { oneLine } from './escape.ts'
import { count, decimal, percent, shortMilliseconds, size } from './format.ts'
import { type Column, left, right } from './table.ts'

/** Rows and columns of a table, for a terminal or Markdown. */
export interface Table {
  readonly columns: readonly Column[]
  readonly rows: readonly (readonly string[])[]
}

const FAULTS = ['lost', 'duplicated', 'corrupted', 'unreported'] as const

/** What became of each tenant's messages. */
export function deliveryTable({ tenants }: PressureResult): Table {
  return {
    columns: [
      left('tenant'),
      right('messages'),
      right('delivered'),
      right('queued'),
      right('lost'),
      right('dup'),
      right('corrupt'),
      right('unrep'),
      right('p50'),
      right('p95'),
      right('report p95'),
    ],
    rows: tenants.map((row) => [
      oneLine(row.tenant_id, 40),
      count(row.verification.handed_over),
      count(row.verification.delivered),
      count(row.verification.still_queued),
      ...FAULTS.map((kind) => count(row.verification[kind])),
      shortMilliseconds(row.end_to_end_ms.p50),
      shortMilliseconds(row.end_to_end_ms.p95),
      shortMilliseconds(row.report_lag_ms.p95),
    ]),
  }
}

/** The seed's statistics of the clients. */
export function clientTable({ tenants }: PressureResult): Table {
  return {
    columns: [
      left('tenant'),
      right('syncs'),
      right('msg/sync'),
      right('reports'),
      right('attachments'),
      right('served'),
      right('cache'),
      right('spared'),
      right('DND'),
      right('sync p95'),
    ],
    rows: tenants.map((row) => [
      oneLine(row.tenant_id, 40),
      count(row.sync_calls),
      decimal(row.msg_per_sync, 1),
      count(row.reports_received),
      count(row.attachments_served),
      size(row.attachment_mb_served * 1024 ** 2),
      percent(row.generation_cache_hit_rate),
      percent(row.delivery_cache_hit_rate),
      dndOf(row),
      shortMilliseconds(row.sync_response_ms.p95),
    ]),
  }
}

function dndOf({ dnd_periods, dnd_violations }: TenantRow): string {
  return dnd_violations === 0 ? count(dnd_periods) : `${count(dnd_periods)} (${count(dnd_violations)} broken)`
}

export function accountTable({ accounts }: PressureResult): Table {
  const figures = ({ sent, errors, deferred, rate_limited }: AccountRow) =>
    [sent, errors, deferred, rate_limited].map(count)
  return {
    columns: [left('account'), right('sent'), right('errors'), right('deferred'), right('rate limited')],
    rows: accounts.map((account) => [oneLine(account.account_id, 40), ...figures(account)]),
  }
}

const SUMMARIES = ['avg', 'p50', 'p90', 'p95', 'p99', 'max'] as const

export function timesTable({ metrics }: PressureResult): Table {
  const rows: [string, LatencySummary][] = [
    ['hand-over to sink', metrics.end_to_end_ms],
    ['sink to report', metrics.report_lag_ms],
    ['sync response', metrics.sync_response_ms],
    ['call after DND', metrics.dnd_resume_ms],
  ]
  return {
    columns: [left('ms'), right('count'), ...SUMMARIES.map(right)],
    rows: rows
      .filter(([, summary]) => summary.count > 0)
      .map(([name, summary]) => [
        name,
        count(summary.count),
        ...SUMMARIES.map((key) => decimal(summary[key], 1)),
      ]),
  }
}
