import type { ResourceSample, ResourceUsage } from '../../engine/result.ts'
import { type Chart, lineTone, type Marker } from './chart.ts'

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
