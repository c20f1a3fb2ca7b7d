import type { DeliveryResult } from '../../../engine/result.ts'
import type { Chart, Marker } from './chart.ts'
import { needsLog } from './chart.ts'
import { percentileSeries } from './timeline.ts'

/** What was acknowledged and arrived, the queue in between, and how long it took, over time. */
export function deliveryCharts(
  { timeline }: Pick<DeliveryResult, 'timeline'>,
  markers: readonly Marker[] = [],
): Chart[] {
  if (timeline.length === 0) return []
  const xs = timeline.map(({ second }) => second)
  const common = { place: 'delivery', axis: 'time', xs, markers } as const
  const perSecond = (count: number, seconds = 1) => count / seconds
  const times = percentileSeries(timeline.map((row) => row.end_to_end_ms))
  return [
    {
      ...common,
      id: 'delivered',
      title: 'Acknowledged and arrived',
      note: 'Per second',
      unit: 'per_second',
      series: [
        {
          label: 'arrived',
          values: timeline.map((row) => perSecond(row.arrived, row.seconds)),
          tone: 'accent',
          filled: true,
        },
        {
          label: 'acknowledged',
          values: timeline.map((row) => perSecond(row.acknowledged, row.seconds)),
          tone: 'muted',
          dashed: true,
        },
      ],
    },
    {
      ...common,
      id: 'in-between',
      title: 'In between',
      note: 'Acknowledged and not arrived, at the end of each second: the queue of the servers',
      unit: 'count',
      series: [
        { label: 'in between', values: timeline.map((row) => row.in_between), tone: 'warn', filled: true },
      ],
    },
    {
      ...common,
      id: 'end-to-end-time',
      title: 'End-to-end time',
      note: 'From acknowledgement to arrival, of what arrived in each second',
      unit: 'ms',
      log: needsLog(times),
      series: times,
    },
  ]
}
