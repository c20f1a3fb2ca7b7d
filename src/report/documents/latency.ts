import type { LatencySummary } from '../../engine/histogram.ts'
import type { Metrics, Result } from '../../engine/result.ts'
import { AGGREGATE_TITLES } from '../../figures/figure.ts'
import { type Block, type Cell, left, PAGES, right, type Table, table } from '../block.ts'
import { count, decimal, percent, shortMilliseconds } from '../format.ts'
import { lineTone } from '../html/charts/chart.ts'
import { distributionChart } from '../html/charts/latency.ts'

type Aggregate = Exclude<keyof LatencySummary, 'count'>

const ALL = Object.keys(AGGREGATE_TITLES) as Aggregate[]

/** Response time counts from when a message was due, service time from when it was sent. */
export function responseTimesBlock({ metrics, histograms }: Result): Block {
  const rows = (
    [
      ['response time', metrics.response_time_ms],
      ['service time', metrics.service_time_ms],
    ] as const
  ).map(([name, summary]) => [name, count(summary.count), ...ALL.map((key) => decimal(summary[key], 2))])
  const columns = [
    left('ms'),
    right('count', { in: PAGES }),
    ...ALL.map((key) => right(AGGREGATE_TITLES[key])),
  ]
  const distribution = distributionChart([
    { label: 'response time', tone: 'accent', histogram: histograms.response_time },
    { label: 'service time', tone: 'line-1', dashed: true, histogram: histograms.service_time },
  ])
  return {
    title: 'Response times',
    note: 'Response time runs from when a message was due to its final reply, service time from when it was sent.',
    noteIn: PAGES,
    folded: true,
    linked: true,
    parts: [
      { kind: 'charts', place: 'distribution', charts: distribution === undefined ? [] : [distribution] },
      ...table(columns, rows, { upright: true }),
    ],
  }
}

/** Some latencies of a run, those that were measured. */
export function latencyTable(
  rows: readonly (readonly [name: string, summary: LatencySummary])[],
  shown: readonly Aggregate[],
): Table[] {
  const measured = rows.filter(([, summary]) => summary.count > 0)
  const columns = [left('ms'), right('count'), ...shown.map((key) => right(SHORT[key] ?? key))]
  return table(
    columns,
    measured.map(([name, summary]) => [
      name,
      count(summary.count),
      ...shown.map((key) => decimal(summary[key], 1)),
    ]),
  )
}

/** Where a table says of its columns that they are milliseconds. */
const SHORT: Partial<Readonly<Record<Aggregate, string>>> = { p99_9: 'p99.9' }

interface PhaseShare {
  readonly name: string
  readonly summary: LatencySummary
  /** All time that was spent in it, divided by all attempts: what it adds to each. */
  readonly msPerMessage: number
}

/** Phases that took place. Sums add up over phases; percentiles do not, so that only sums are shares. */
export function phaseShares({ phases_ms, service_time_ms }: Metrics): PhaseShare[] {
  const attempts = service_time_ms.count
  return Object.entries(phases_ms)
    .filter(([, { count }]) => count > 0 && attempts > 0)
    .map(([name, summary]) => ({
      name,
      summary,
      msPerMessage: ((summary.avg ?? 0) * summary.count) / attempts,
    }))
}

const PHASE_COLUMNS = [
  left('phase'),
  right('per message'),
  right('share'),
  right('count'),
  ...ALL.map((key) => right(`${SHORT[key] ?? key} ms`)),
]

/** The phases of a message: what each adds to it, and its figures. */
export function phasesBlock(metrics: Metrics): Block {
  const shares = phaseShares(metrics)
  const total = shares.reduce((sum, { msPerMessage }) => sum + msPerMessage, 0)
  const rows = shares.map(({ name, summary, msPerMessage }, index): Cell[] => {
    const share = total === 0 ? null : msPerMessage / total
    return [
      { text: name, swatch: lineTone(index) },
      shortMilliseconds(msPerMessage),
      { text: percent(share), share },
      count(summary.count),
      ...ALL.map((key) => decimal(summary[key], 2)),
    ]
  })
  return {
    title: 'Phases',
    note: 'Average time per message in each phase. What happens once per session (connect, TLS, AUTH) is spread over all messages.',
    in: PAGES,
    folded: true,
    parts: table(PHASE_COLUMNS, rows),
  }
}
