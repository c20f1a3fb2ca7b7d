import type { Pacer } from '../engine/executors/executor.ts'
import { executorOf, type Schedule } from '../engine/executors/registry.ts'
import { EMPTY_HISTOGRAM, mergeSparse, summarise } from '../engine/histogram.ts'
import type { Recording } from '../engine/recording.ts'
import type { SideBySide } from '../engine/result.ts'

interface Facts {
  readonly schedule: Schedule
  readonly pacer: Pacer
  readonly recording: Pick<Recording, 'seconds'>
}

/** Figures per stage of a load with stages; undefined for others. */
export function stageFigures({ schedule, pacer, recording }: Facts): SideBySide | undefined {
  if (!('stages' in schedule)) return undefined
  const stages = spansOf(schedule)
  // The timeline has a resolution of one second, so stages that change within a second cannot be separated.
  if (stages.length < 2 || !stages.every(({ toSeconds }) => Number.isInteger(toSeconds))) return undefined
  const open = pacer.model === 'open'
  return {
    by: 'stage',
    columns: [
      ...(open ? [{ name: 'due', unit: 'count' as const }] : []),
      { name: 'accepted', unit: 'count' },
      { name: 'throughput', unit: 'per_second' },
      { name: 'p50', unit: 'ms' },
      { name: 'p99', unit: 'ms' },
    ],
    rows: stages.map(({ label, fromSeconds, toSeconds }, index) => {
      // Messages that end after the last stage belong to it.
      const isLast = index === stages.length - 1
      const seconds = recording.seconds.slice(fromSeconds, isLast ? undefined : toSeconds)
      const responseTime = seconds.map((second) => second.responseTime).reduce(mergeSparse, EMPTY_HISTOGRAM)
      const accepted = seconds.reduce((sum, second) => sum + second.accepted, 0)
      const { p50, p99 } = summarise(responseTime)
      const due = dueBefore(pacer, toSeconds) - dueBefore(pacer, fromSeconds)
      const figures = [accepted, accepted / (toSeconds - fromSeconds), p50, p99]
      return { label, values: open ? [due, ...figures] : figures }
    }),
    note: 'Messages count in the stage in which they ended.',
  }
}

function dueBefore(pacer: Pacer, seconds: number): number {
  return pacer.dueBy(seconds * 1000 - 0.001)
}

interface Span {
  readonly label: string
  readonly fromSeconds: number
  readonly toSeconds: number
}

function spansOf(schedule: Extract<Schedule, { readonly stages: unknown }>): Span[] {
  const spans: Span[] = []
  const { levels } = executorOf(schedule)
  const unit = levels?.unit ?? ''
  let level = levels?.start(schedule) ?? 0
  let fromSeconds = 0
  for (const { durationSeconds, target } of schedule.stages) {
    const toSeconds = fromSeconds + durationSeconds
    const label = level === target ? `${target}${unit}` : `${level} → ${target}${unit}`
    if (durationSeconds > 0) spans.push({ label, fromSeconds, toSeconds })
    level = target
    fromSeconds = toSeconds
  }
  return spans
}
