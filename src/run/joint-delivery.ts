import { EMPTY_HISTOGRAM, mergeSparse, type SparseHistogram, summarise } from '../engine/histogram.ts'
import type { DeliveryResult, DeliveryRow } from '../engine/result.ts'
import { mergeLatencies } from '../results/merge/latency.ts'
import type { DeliveredTimes } from '../verify/verification.ts'

/** What arrived of one of several loads, and when it started, in whole seconds after the first. */
export interface DeliveredPart {
  readonly times: DeliveredTimes | undefined
  readonly startAfterSeconds: number
}

/**
 * What arrived of loads that ran in turn or at the same time, as of one: on the first one's axis. None unless all of
 * them have times, and one has arrivals. The times of each server stay with the loads.
 */
export function joinDeliveries(parts: readonly DeliveredPart[]): {
  readonly delivery?: DeliveryResult
  readonly endToEnd?: SparseHistogram
} {
  const timed = parts.flatMap(({ times, startAfterSeconds }) =>
    times === undefined ? [] : [{ ...times, startAfterSeconds }],
  )
  const endToEnd = timed.map((part) => part.endToEnd).reduce(mergeSparse, EMPTY_HISTOGRAM)
  if (timed.length < parts.length || endToEnd.count === 0) return {}
  const last = (of: 'lastArrivedMs' | 'lastAcknowledgedMs') =>
    Math.max(...timed.map((part) => (part[of] === 0 ? 0 : part.startAfterSeconds * 1000 + part[of])))
  const timeline = joinTimelines(timed)
  const lastArrivedMs = last('lastArrivedMs')
  const delivery: DeliveryResult = {
    time_resolution_ms: Math.max(...timed.map(({ timeResolutionMs }) => timeResolutionMs)),
    end_to_end_ms: summarise(endToEnd),
    per_server: [],
    drain_seconds: Math.max(0, Math.round(lastArrivedMs - last('lastAcknowledgedMs'))) / 1000,
    delivered_per_second: lastArrivedMs <= 0 ? 0 : endToEnd.count / (lastArrivedMs / 1000),
    most_in_between: Math.max(0, ...timeline.map(({ in_between: between }) => between)),
    timeline,
  }
  return { delivery, endToEnd }
}

/** Counts add up; what is in between is the sum of all that is. */
function joinTimelines(
  parts: readonly (Pick<DeliveredTimes, 'timeline'> & { readonly startAfterSeconds: number })[],
): DeliveryRow[] {
  const rowsAt = new Map<number, DeliveryRow[]>()
  let length = 0
  for (const { timeline, startAfterSeconds } of parts) {
    for (const row of timeline) {
      const second = row.second + startAfterSeconds
      rowsAt.set(second, [...(rowsAt.get(second) ?? []), row])
      length = Math.max(length, second + (row.seconds ?? 1))
    }
  }
  let between = 0
  return Array.from({ length }, (_, second) => {
    const rows = rowsAt.get(second) ?? []
    const sum = (of: (row: DeliveryRow) => number) => rows.reduce((total, row) => total + of(row), 0)
    const [acknowledged, arrived] = [sum((row) => row.acknowledged), sum((row) => row.arrived)]
    between += acknowledged - arrived
    return {
      second,
      acknowledged,
      arrived,
      in_between: Math.max(0, between),
      end_to_end_ms: mergeLatencies(rows.map((row) => row.end_to_end_ms)),
    }
  })
}
