import type { PressureProgress } from '../../pressure/progress.ts'
import { count, perSecond, shortMilliseconds, span } from '../format.ts'
import { cards } from './cards.ts'
import type { Chart } from './chart.ts'
import { liveTitle } from './live-parts.ts'
import type { Html } from './markup.ts'

export function livePressureHead(progress: PressureProgress): Html {
  const { phase, elapsed_seconds: elapsed, left_seconds: left } = progress
  const doing = phase === 'draining' ? ', generation is over, the queue drains' : ''
  const share = left === null ? null : elapsed / (elapsed + left || 1)
  const rest = left === null ? '' : `, about ${span(left)} of generation left`
  return liveTitle(progress, { sentence: `${span(elapsed)} so far${doing}${rest}`, share })
}

export function livePressureCards(progress: PressureProgress): Html {
  const { handed_over, delivered, reported, errors, pending, rate, p95_ms, sync_calls } = progress
  return cards([
    [
      {
        id: 'messages',
        label: 'Handed over',
        value: count(handed_over),
        detail: `${count(sync_calls)} sync calls`,
      },
      { id: 'delivered', label: 'Delivered', value: count(delivered), detail: `${count(reported)} reported` },
      { id: 'throughput', label: 'Rate', value: perSecond(rate), detail: 'over the last 3 s' },
      { id: 'pending', label: 'Pending', value: count(pending), detail: 'now' },
      { id: 'p95', label: 'p95 end to end', value: shortMilliseconds(p95_ms), detail: 'so far' },
      { id: 'errors', label: 'Errors', value: count(errors), detail: 'final ones' },
    ],
  ])
}

/** What can be told of a run under way; the whole dashboard comes with its result. */
export function livePressureCharts(all: readonly PressureProgress[]): Chart[] {
  const column = (pick: (progress: PressureProgress) => number | null) => all.map(pick)
  const line = (label: string, pick: (progress: PressureProgress) => number | null) => ({
    label,
    values: column(pick),
    tone: 'accent' as const,
  })
  const common = { place: 'time', axis: 'time', xs: all.map((one) => one.elapsed_seconds) } as const
  return [
    {
      ...common,
      ...{
        id: 'live-rate',
        title: 'Deliveries',
        note: 'Each second, over the last three',
        unit: 'per-second',
      },
      series: [{ ...line('delivered', (one) => one.rate), filled: true }],
    },
    {
      ...common,
      ...{ id: 'live-pending', title: 'Pending messages', note: 'As the proxy counts them', unit: 'count' },
      series: [{ ...line('pending', (one) => one.pending), filled: true }],
    },
    {
      ...common,
      ...{
        id: 'live-cumulative',
        title: 'Messages, cumulative',
        note: 'From hand-over to report',
        unit: 'count',
      },
      series: [
        { ...line('handed over', (one) => one.handed_over), tone: 'muted', dashed: true },
        line('delivered', (one) => one.delivered),
        { ...line('reported', (one) => one.reported), tone: 'line-1' },
        { ...line('errors', (one) => one.errors), tone: 'bad' },
      ],
    },
    {
      ...common,
      ...{ id: 'live-end-to-end', title: 'End to end, p95', note: 'Of all delivered so far', unit: 'ms' },
      series: [line('p95', (one) => one.p95_ms)],
    },
  ]
}
