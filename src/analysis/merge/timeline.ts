import type { TimelineRow } from '../../engine/result.ts'
import { mergeLatencies } from './latency.ts'
import type { Share } from './share.ts'

/**
 * The seconds of all generators on the first one's axis, each shifted by whole seconds to the nearest.
 * Counts add up; what was in flight before a generator's start or after its end is nothing.
 */
export function mergeTimelines(shares: readonly Share[]): TimelineRow[] {
  const rowsAt = new Map<number, TimelineRow[]>()
  for (const { result, offsetMs } of shares) {
    const shift = Math.round(offsetMs / 1000)
    for (const row of result.timeline) {
      const second = row.second + shift
      const rows = rowsAt.get(second)
      if (rows === undefined) rowsAt.set(second, [row])
      else rows.push(row)
    }
  }
  // Not Math.max(...): a run of two days has more seconds than a call can have arguments.
  let last = -1
  for (const second of rowsAt.keys()) last = Math.max(last, second)
  const seconds = last + 1
  return Array.from({ length: seconds }, (_, second) => mergeRows(second, rowsAt.get(second) ?? []))
}

function mergeRows(second: number, rows: readonly TimelineRow[]): TimelineRow {
  const sum = (of: (row: TimelineRow) => number) => rows.reduce((total, row) => total + of(row), 0)
  return {
    second,
    due: sum((row) => row.due),
    started: sum((row) => row.started),
    accepted: sum((row) => row.accepted),
    deferred: sum((row) => row.deferred),
    rejected: sum((row) => row.rejected),
    failed: sum((row) => row.failed),
    bytes: sum((row) => row.bytes),
    in_flight: sum((row) => row.in_flight),
    queued: sum((row) => row.queued),
    response_time_ms: mergeLatencies(rows.map((row) => row.response_time_ms)),
    sessions_opened: sum((row) => row.sessions_opened),
  }
}
