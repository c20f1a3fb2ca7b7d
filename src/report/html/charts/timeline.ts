import type { LatencySummary } from '../../../engine/histogram.ts'
import type { ResourceSample, ResourceUsage, Result, TimelineRow } from '../../../engine/result.ts'
import { type Chart, lineTone, type Marker, needsLog, type Series, type Tone } from './chart.ts'

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
    note: 'Messages accepted per second',
    unit: 'per_second',
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
    note: 'From due to final reply, per second',
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
      { label: 'queued (due, not started)', values: timeline.map((row) => row.queued), tone: 'warn' },
    ],
  }
}

function errors({ timeline }: Timed, common: Common): Chart {
  return {
    ...common,
    id: 'errors',
    title: 'Errors',
    note: 'Messages not accepted, per second',
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

type Usage = Readonly<Record<string, Pick<ResourceUsage, 'samples'>>>

/** `smtp-server-2` before `smtp-server-10`. */
const BY_NAME = new Intl.Collator('en', { numeric: true })

/** CPU and memory of each server over time; none where nothing was sampled. */
export function resourceCharts(usage: Usage, markers: readonly Marker[] = []): Chart[] {
  const names = Object.keys(usage).toSorted(BY_NAME.compare)
  const seconds = new Set<number>()
  for (const name of names) for (const { second } of usage[name]?.samples ?? []) seconds.add(second)
  if (seconds.size === 0) return []
  const xs = Float64Array.from(seconds).toSorted()
  const common = { place: 'time', axis: 'time', xs: [...xs], markers } as const
  const series = (pick: (sample: ResourceSample) => number) =>
    names.map((name, index) => ({
      label: name,
      tone: lineTone(index),
      values: valuesAt(xs, usage[name]?.samples ?? [], pick),
    }))
  return [
    {
      ...common,
      id: 'cpu',
      title: 'CPU',
      note: 'Per service, in percent of one core',
      unit: 'percent',
      series: series((sample) => sample.cpu_percent),
    },
    {
      ...common,
      id: 'memory',
      title: 'Memory',
      note: 'Resident memory per service',
      unit: 'bytes',
      series: series((sample) => sample.memory_bytes),
    },
  ]
}

/** Both in ascending order: a walk over them costs a week's samples little, where a map of each does not. */
function valuesAt(
  seconds: Float64Array,
  samples: readonly ResourceSample[],
  pick: (sample: ResourceSample) => number,
): (number | null)[] {
  let at = 0
  return Array.from(seconds, (second) => {
    while ((samples[at]?.second ?? Number.POSITIVE_INFINITY) < second) at++
    const sample = samples[at]
    return sample?.second === second ? pick(sample) : null
  })
}
