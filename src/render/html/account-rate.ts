import type { PressureTimelineRow } from '../../pressure/result.ts'
import { lineTone, type Series } from './chart.ts'

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
