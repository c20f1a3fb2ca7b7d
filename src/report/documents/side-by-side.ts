import type { SideBySide, Unit } from '../../engine/result.ts'
import { type Block, capital, left, type Part, right, table } from '../block.ts'
import { figureText } from '../format.ts'
import { type Chart, lineTone, type Tone } from '../html/charts/chart.ts'

const PLACE = 'side-by-side'

/** Runs of one scenario, or stages of one run, as a table and as bars. */
export function sideBySideBlock(all: SideBySide | undefined): Block {
  const title = 'Side by side'
  if (all === undefined) return { title, parts: [] }
  const { by, columns, rows, note } = all
  const cells = rows.map(({ label, values }) => [
    label,
    ...columns.map(({ unit }, index) => figureText(values[index] ?? null, unit)),
  ])
  const charts = sideBySideCharts(all)
  const drawn: Part[] = charts.length === 0 ? [] : [{ kind: 'charts', place: PLACE, charts }]
  const figures = table([left(by), ...columns.map(({ name }) => right(name))], cells)
  return { title, note, linked: true, parts: [...figures, ...drawn] }
}

/** One chart to each unit, so that what can be compared stands on one axis. A single row has no charts. */
export function sideBySideCharts(all: SideBySide | undefined): Chart[] {
  if (all === undefined || all.rows.length < 2) return []
  const drawn = all.columns
    .map(({ name, unit }, index) => ({
      name,
      unit,
      values: all.rows.map((row) => row.values[index] ?? null),
    }))
    .filter(tellsApart)
  const byUnit = Map.groupBy(drawn, ({ unit }) => unit)
  return [...byUnit].map(([unit, columns]) => ({
    id: `${PLACE}-${unit.replaceAll('_', '-')}`,
    place: PLACE,
    title: capital(columns.map(({ name }) => name).join(', ')),
    axis: 'runs',
    bars: true,
    xTitle: capital(all.by),
    xs: all.rows.map((_, row) => row),
    labels: all.rows.map(({ label }) => label),
    unit,
    series: columns.map(({ name, values }, index) => ({
      label: name,
      values,
      tone: columns.length === 1 ? 'accent' : (TONES[name] ?? lineTone(index)),
    })),
  }))
}

/** As in the charts over time. */
const TONES: Readonly<Record<string, Tone>> = { p50: 'ramp-1', p95: 'ramp-2', p99: 'ramp-3' }

/** What was not measured has no bars, and of a count that is the same in all rows they tell nothing. */
function tellsApart({ unit, values }: { readonly unit: Unit; readonly values: (number | null)[] }) {
  if (values.every((value) => value === null)) return false
  return unit !== 'count' || values.some((value) => value !== values[0])
}
