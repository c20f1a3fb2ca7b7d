import type { LatencySummary } from '../../engine/histogram.ts'
import type { Result, TimelineRow } from '../../engine/result.ts'
import { type Chart, type Marker, needsLog, type Series, type Tone } from './chart.ts'

/** The part of a result that is drawn over time; a run that is still under way has it too. */
export interface Timed {
  readonly timeline: readonly TimelineRow[]
  readonly target_rate: Result['target_rate']
  readonly markers?: readonly Marker[]
}

/** Throughput, response time, what is in flight, and errors, second by second. */
export function timelineCharts(timed: Timed): Chart[] {
  const { timeline, markers = [] } = timed
  const xs = timeline.map(({ second }) => second)
  const common: Common = { place: 'time', axis: 'time', xs, markers }
  return [
    throughput(timed, common),
    responseTime(timed, common),
    inFlight(timed, common),
    errors(timed, common),
  ]
}

type Common = Omit<Chart, 'id' | 'title' | 'unit' | 'series'>

function throughput({ timeline, target_rate }: Timed, common: Common): Chart {
  const accepted = timeline.map((row) => row.accepted)
  return {
    ...common,
    id: 'throughput',
    title: 'Throughput',
    note: 'Messages accepted in each second',
    unit: 'per-second',
    series: [
      { label: 'accepted', values: accepted, tone: 'accent', filled: true },
      ...planned(timeline, target_rate),
    ],
  }
}

function responseTime({ timeline }: Timed, common: Common): Chart {
  const series = percentileSeries(timeline.map((row) => row.response_time_ms))
  return {
    ...common,
    id: 'response-time',
    title: 'Response time',
    note: 'From due to final reply, of what ended in each second',
    unit: 'ms',
    log: needsLog(series),
    series,
  }
}

function inFlight({ timeline }: Timed, common: Common): Chart {
  return {
    ...common,
    id: 'in-flight',
    title: 'In flight and queue',
    note: 'At the end of each second',
    unit: 'count',
    series: [
      { label: 'in flight', values: timeline.map((row) => row.in_flight), tone: 'accent', filled: true },
      { label: 'due, not started', values: timeline.map((row) => row.queued), tone: 'warn' },
    ],
  }
}

function errors({ timeline }: Timed, common: Common): Chart {
  return {
    ...common,
    id: 'errors',
    title: 'Errors',
    note: 'Messages that ended in each second without being accepted',
    unit: 'count',
    series: [
      { label: 'deferred (4xx)', values: timeline.map((row) => row.deferred), tone: 'warn' },
      { label: 'rejected (5xx)', values: timeline.map((row) => row.rejected), tone: 'line-3' },
      { label: 'failed (no reply)', values: timeline.map((row) => row.failed), tone: 'bad' },
    ],
  }
}

/** What was to start: the plan's messages of each second. In the closed model there is no plan in time. */
function planned(timeline: readonly TimelineRow[], targetRate: number | null): Series[] {
  if (targetRate === null) return []
  return [{ label: 'due', values: timeline.map(({ due }) => due), tone: 'muted', dashed: true }]
}

const PERCENTILES: readonly (readonly [
  key: Exclude<keyof LatencySummary, 'count'>,
  label: string,
  tone: Tone,
])[] = [
  ['max', 'max', 'ramp-4'],
  ['p99', 'p99', 'ramp-3'],
  ['p95', 'p95', 'ramp-2'],
  ['p50', 'p50', 'ramp-1'],
]

/** Max, p99, p95 and p50 of a row of summaries: of few values they are equal, and the last one is drawn on top. */
export function percentileSeries(summaries: readonly LatencySummary[]): Series[] {
  return PERCENTILES.map(([key, label, tone]) => ({
    label,
    tone,
    values: summaries.map((summary) => summary[key]),
  }))
}
