import type { DriftResult, Result } from '../../engine/result.ts'
import { type Block, type Cell, left, right, table } from '../block.ts'
import { changeText, count } from '../format.ts'
import type { Chart } from '../html/charts/chart.ts'

const NOTE =
  'Theil–Sen slope after the warm-up (of memory: in the second half of the run): the median of the slopes between all pairs of points. Where the 95 % confidence interval includes 0, there is no significant drift; thresholds judge the bound that is nearer to 0.'

const COLUMNS = [
  left('figure'),
  right('per hour'),
  right('95 % CI from'),
  right('to'),
  left('trend'),
  right('points'),
]

/** What grew or fell over a long run, each with its slope; nothing for short runs. */
export function driftBlock(result: Drifting): Block {
  const { drift = [] } = result
  const rows = drift.map((row): Cell[] => [
    row.of,
    ...[row.per_hour, row.low_per_hour, row.high_per_hour].map((slope) => changeText(slope, row.unit)),
    readingOf(row),
    count(row.points),
  ])
  const figures = table(COLUMNS, rows)
  return {
    title: 'Drift',
    note: NOTE,
    linked: true,
    parts:
      figures.length === 0
        ? []
        : [{ kind: 'charts', place: DRIFT_PLACE, charts: driftCharts(result) }, ...figures],
  }
}

/** Growth is never good news, of times and of memory alike. */
function readingOf({ low_per_hour: low, high_per_hour: high }: DriftResult): Cell {
  if (low > 0) return { text: 'rising', tone: 'warn' }
  if (high < 0) return { text: 'falling', tone: 'good' }
  return { text: 'not significant', tone: 'dim' }
}

const DRIFT_PLACE = 'drift'

type Drifting = Pick<Result, 'drift' | 'timeline' | 'resource_usage'>

/** What each slope was fitted to, second by second, and the slope through the middle of it. */
export function driftCharts(result: Drifting): Chart[] {
  return (result.drift ?? []).flatMap((row, index) => {
    const points = pointsOf(row, result)
    const { from_second: from = 0 } = row
    const fitted = points.filter(({ second }) => second >= from)
    if (fitted.length === 0) return []
    const at = throughTheMiddle(fitted, row.per_hour / 3_600)
    return [
      {
        id: `${DRIFT_PLACE}-${index}`,
        place: DRIFT_PLACE,
        title: row.of.charAt(0).toUpperCase() + row.of.slice(1),
        note: `${changeText(row.per_hour, row.unit)} per hour`,
        axis: 'time',
        xs: points.map(({ second }) => second),
        unit: row.unit,
        series: [
          { label: 'measured', values: points.map(({ value }) => value), tone: 'ramp-1' },
          {
            label: 'slope',
            values: points.map(({ second }) => (second < from ? null : at(second))),
            tone: 'bad',
            dashed: true,
          },
        ],
      },
    ]
  })
}

interface Measured {
  readonly second: number
  readonly value: number
}

function pointsOf({ of }: DriftResult, { timeline, resource_usage }: Drifting): Measured[] {
  if (of === 'response time p99')
    return timeline.flatMap(({ second, response_time_ms: { p99 } }) =>
      p99 === null ? [] : [{ second, value: p99 }],
    )
  const samples = resource_usage[of.replace(/^memory of /, '')]?.samples ?? []
  return samples.map(({ second, memory_bytes }) => ({ second, value: memory_bytes }))
}

/**
 * Sen's line: its height at 0 is the median of what remains of the values without their slope. Of files that do not
 * tell where the warm-up ended, that, a tenth of the run, moves it little.
 */
function throughTheMiddle(points: readonly Measured[], perSecond: number): (second: number) => number {
  const rest = points.map(({ second, value }) => value - perSecond * second).toSorted((a, b) => a - b)
  const middle = (rest.length - 1) / 2
  const median = ((rest[Math.floor(middle)] ?? 0) + (rest[Math.ceil(middle)] ?? 0)) / 2
  return (second) => Math.max(0, median + perSecond * second)
}
