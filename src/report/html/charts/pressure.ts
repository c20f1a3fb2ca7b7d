import type { PressureResult, PressureTimelineRow } from '../../../pressure/result.ts'
import { type Chart, lineTone, needsLog, type Series } from './chart.ts'
import { percentileSeries, resourceCharts } from './timeline.ts'

type Pick = (row: PressureTimelineRow) => number | null

/** A pressure run over time; the first four are panels of genro-mail-proxy's own dashboard. */
export function pressureCharts(result: PressureResult): Chart[] {
  const { timeline, events } = result
  const markers = events.map(({ at_seconds, what }) => ({ at: at_seconds, what }))
  const common: Common = {
    place: 'time',
    axis: 'time',
    xs: timeline.map(({ second }) => second),
    markers,
  }
  return [
    ...dashboard(timeline, common),
    deferrals(timeline, common),
    ...flow(timeline, common),
    ...tenantSide(timeline, common),
    ...resourceCharts(result.resource_usage, markers),
  ].filter(({ series }) => series.some(({ values }) => values.some((value) => value !== null)))
}

type Common = Omit<Chart, 'id' | 'title' | 'unit' | 'series'>
type Timeline = readonly PressureTimelineRow[]

function dashboard(timeline: Timeline, common: Common): Chart[] {
  const column = (pick: Pick) => timeline.map(pick)
  return [
    {
      ...common,
      id: 'send-rate',
      title: 'Send rate per account',
      note: 'Messages per minute, averaged over the last 10 s',
      unit: 'per_minute',
      series: accountRates(timeline),
    },
    {
      ...common,
      id: 'pending',
      title: 'Pending messages',
      note: 'At the end of each second',
      unit: 'count',
      series: [{ label: 'pending', values: column((row) => row.pending), tone: 'accent', filled: true }],
    },
    {
      ...common,
      id: 'cumulative',
      title: 'Sent and errors, cumulative',
      note: 'As counted by the proxy',
      unit: 'count',
      series: [
        { label: 'sent', values: cumulative(column((row) => row.sent)), tone: 'accent', filled: true },
        { label: 'errors', values: cumulative(column((row) => row.errors)), tone: 'bad' },
      ],
    },
  ]
}

function deferrals(timeline: Timeline, common: Common): Chart {
  const column = (pick: Pick) => timeline.map(pick)
  return {
    ...common,
    id: 'deferrals',
    title: 'Deferrals and rate limits',
    note: 'Per second, all accounts',
    unit: 'count',
    series: [
      { label: 'deferred', values: column((row) => row.deferred), tone: 'warn' },
      { label: 'rate-limited', values: column((row) => row.rate_limited), tone: 'line-3' },
    ],
  }
}

function flow(timeline: Timeline, common: Common): Chart[] {
  const column = (pick: Pick) => timeline.map(pick)
  const endToEnd = percentileSeries(timeline.map((row) => row.end_to_end_ms))
  return [
    {
      ...common,
      id: 'throughput',
      title: 'Messages',
      note: 'Handed over, delivered and reported per second',
      unit: 'per_second',
      series: [
        { label: 'delivered', values: column((row) => row.delivered), tone: 'accent', filled: true },
        { label: 'handed over', values: column((row) => row.handed_over), tone: 'muted', dashed: true },
        { label: 'reported', values: column((row) => row.reported), tone: 'line-1' },
      ],
    },
    {
      ...common,
      id: 'end-to-end',
      title: 'End to end',
      note: 'From hand-over to the sink, per second',
      unit: 'ms',
      log: needsLog(endToEnd),
      series: endToEnd,
    },
  ]
}

function tenantSide(timeline: Timeline, common: Common): Chart[] {
  const column = (pick: Pick) => timeline.map(pick)
  return [
    {
      ...common,
      id: 'sync-calls',
      title: 'Sync calls and do-not-disturb',
      note: 'Per second, all tenants',
      unit: 'count',
      series: [
        { label: 'sync calls', values: column((row) => row.sync_calls), tone: 'accent' },
        { label: 'DND periods', values: column((row) => row.dnd_periods), tone: 'warn' },
      ],
    },
    {
      ...common,
      id: 'attachments',
      title: 'Attachments served',
      note: 'Bytes per second',
      unit: 'bytes',
      series: [
        {
          label: 'served',
          values: column((row) => row.attachment_bytes_served),
          tone: 'accent',
          filled: true,
        },
      ],
    },
    {
      ...common,
      id: 'process-memory',
      title: 'Memory of the proxies',
      note: 'Resident memory, all instances',
      unit: 'bytes',
      series: [{ label: 'proxies', values: column((row) => row.proxy_memory_bytes), tone: 'accent' }],
    },
  ]
}

/** Sums up to each second; null stays null and adds nothing. */
function cumulative(values: readonly (number | null)[]): (number | null)[] {
  let sum = 0
  return values.map((value) => {
    if (value === null) return null
    sum += value
    return sum
  })
}

const WINDOW_SECONDS = 10
/** More lines than this cannot be told apart; the rest are drawn as one. */
const MOST_ACCOUNTS = 7

/**
 * Messages per minute of each account: what was sent in the last ten seconds, times six. In the first
 * ten seconds the window is as long as the run.
 */
export function accountRates(timeline: readonly PressureTimelineRow[]): Series[] {
  const totals = new Map<string, number>()
  for (const { sent_by_account } of timeline)
    for (const [account, sent] of Object.entries(sent_by_account))
      totals.set(account, (totals.get(account) ?? 0) + sent)
  const accounts = [...totals].toSorted((a, b) => b[1] - a[1]).map(([account]) => account)
  const shown = accounts.length <= MOST_ACCOUNTS + 1 ? accounts : accounts.slice(0, MOST_ACCOUNTS)
  const others = accounts.slice(shown.length)
  const sums: [string, readonly string[]][] = shown.map((account) => [account, [account]])
  if (others.length > 0) sums.push([`${others.length} others`, others])
  return sums.map(([label, members], index) => ({
    label,
    tone: others.length > 0 && index === shown.length ? 'muted' : lineTone(index),
    values: perMinute(timeline, members),
  }))
}

/** Null where the proxy's metrics were not read. */
function perMinute(timeline: readonly PressureTimelineRow[], members: readonly string[]): (number | null)[] {
  const sentIn = timeline.map((row) =>
    row.sent === null ? null : members.reduce((sum, name) => sum + (row.sent_by_account[name] ?? 0), 0),
  )
  return sentIn.map((sent, index) => {
    if (sent === null) return null
    const window = sentIn.slice(Math.max(0, index - WINDOW_SECONDS + 1), index + 1)
    const read = window.filter((value) => value !== null)
    return (60 * read.reduce((sum, value) => sum + value, 0)) / read.length
  })
}
