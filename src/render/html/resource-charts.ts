import type { ResourceSample, ResourceUsage } from '../../load/result.ts'
import { type Chart, lineTone, type Marker } from './chart.ts'

type Usage = Readonly<Record<string, Pick<ResourceUsage, 'samples'>>>

/** `smtp-server-2` before `smtp-server-10`. */
const BY_NAME = new Intl.Collator('en', { numeric: true })

/** CPU and memory of each server over time; none where nothing was sampled. */
export function resourceCharts(usage: Usage, markers: readonly Marker[] = []): Chart[] {
  const names = Object.keys(usage).toSorted(BY_NAME.compare)
  const seconds = new Set(names.flatMap((name) => (usage[name]?.samples ?? []).map(({ second }) => second)))
  if (seconds.size === 0) return []
  const xs = [...seconds].toSorted((a, b) => a - b)
  const common = { place: 'time', axis: 'time', xs, markers } as const
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
      note: 'Of each service, in percent of one core',
      unit: 'cpu',
      series: series((sample) => sample.cpu_percent),
    },
    {
      ...common,
      id: 'memory',
      title: 'Memory',
      note: 'Of each service, resident',
      unit: 'bytes',
      series: series((sample) => sample.memory_bytes),
    },
  ]
}

function valuesAt(
  seconds: readonly number[],
  samples: readonly ResourceSample[],
  pick: (sample: ResourceSample) => number,
): (number | null)[] {
  const bySecond = new Map(samples.map((sample) => [sample.second, pick(sample)]))
  return seconds.map((second) => bySecond.get(second) ?? null)
}
