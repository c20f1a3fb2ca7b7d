import type { PressureTimelineRow } from '../result.ts'
import { type Rule, shown } from './rule.ts'

/** Rates of single seconds jump; those of so many tell. */
const SPAN_SECONDS = 10
/** Before the fall. */
const LEAST_BEFORE_PER_SECOND = 5
const FELL_TO = 0.2
/** With less waiting, there was just nothing to send. */
const LEAST_WAITING = 50

interface Span {
  readonly from: number
  readonly perSecond: number
  /** Handed over and not delivered: proxies in trouble may not tell what is pending. */
  readonly leastWaiting: number
}

/**
 * Deliveries all but stop although the queue is full, and stay so until the end: the proxy has hit a limit of
 * its own, as genro-mail-proxy's queue of 1,000 results, which nobody empties.
 */
export const throughputCliff: Rule = ({ timeline, proxy }) => {
  const spans = spansOf(timeline)
  const last = spans.at(-1)
  const best = spans.reduce<Span | undefined>(
    (most, span) => (most === undefined || span.perSecond > most.perSecond ? span : most),
    undefined,
  )
  if (best === undefined || last === undefined || best.perSecond < LEAST_BEFORE_PER_SECOND) return undefined
  const isLow = (span: Span) =>
    span.perSecond < best.perSecond * FELL_TO && span.leastWaiting >= LEAST_WAITING
  if (!isLow(last)) return undefined
  const fall = spans.findLastIndex((span) => !isLow(span)) + 1
  const from = edgeOf(timeline, (spans[fall] as Span).from, best.perSecond)
  const before = delivered(timeline.slice(0, from))
  const after = delivered(timeline.slice(from)) / (timeline.length - from)
  return {
    rule: 'throughput-cliff',
    severity: 'critical',
    symptom: 'Throughput collapsed and did not recover',
    evidence: `up to ${shown(best.perSecond)} deliveries a second, from second ${from} on ${shown(after)}, after ${shown(before)} deliveries, with at least ${shown(last.leastWaiting)} messages waiting`,
    cause:
      proxy.implementation === 'genro-mail-proxy'
        ? 'Its queue of 1,000 delivery results is full: nobody reads it, and each further result waits 5 s'
        : 'A limit inside the proxy, or an SMTP server that stopped taking mail',
    action:
      proxy.implementation === 'genro-mail-proxy'
        ? 'Restart it every 1,000 messages, or embed it with result_queue_size=0'
        : 'Look at the logs of proxy and SMTP server from that second on',
  }
}

/** A span is low on the whole before its first seconds are: where these end. */
function edgeOf(timeline: readonly PressureTimelineRow[], from: number, bestPerSecond: number): number {
  const span = timeline.slice(from, from + SPAN_SECONDS)
  return from + span.findLastIndex((row) => row.delivered >= bestPerSecond * FELL_TO) + 1
}

function delivered(rows: readonly PressureTimelineRow[]): number {
  return rows.reduce((sum, row) => sum + row.delivered, 0)
}

function spansOf(timeline: readonly PressureTimelineRow[]): Span[] {
  let waiting = 0
  const waitingAt = timeline.map((row) => {
    waiting += row.handed_over - row.delivered
    return waiting
  })
  const spans: Span[] = []
  for (let from = 0; from + SPAN_SECONDS <= timeline.length; from++) {
    const rows = timeline.slice(from, from + SPAN_SECONDS)
    spans.push({
      from,
      perSecond: delivered(rows) / SPAN_SECONDS,
      leastWaiting: Math.min(...waitingAt.slice(from, from + SPAN_SECONDS)),
    })
  }
  return spans
}
