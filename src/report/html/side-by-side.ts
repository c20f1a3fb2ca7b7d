import type { SideBySide, Unit } from '../../engine/result.ts'
import { figureText } from '../format.ts'
import { left, right } from '../table.ts'
import { type Chart, lineTone, type Tone } from './charts/chart.ts'
import { chartPlace, type Html, html, section, table } from './markup.ts'

const PLACE = 'side-by-side'

/** Runs of one scenario, or stages of one run, as a table and as bars; nothing when there is no such table. */
export function sideBySideSection(all: SideBySide | undefined): Html {
  if (all === undefined) return html``
  const { by, columns, rows, note } = all
  const figures = table({
    caption: 'Side by side',
    columns: [left(capital(by)), ...columns.map(({ name }) => right(capital(name)))],
    rows: rows.map(({ label, values }) => [
      label,
      ...columns.map(({ unit }, index) => figureText(values[index] ?? null, unit)),
    ]),
  })
  const charts = sideBySideCharts(all).length > 0 && html`<div class="below">${chartPlace(PLACE)}</div>`
  return section('Side by side', html`${figures}${charts}`, note)
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
    unit: unit,
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

/** Not of `p99`, which is a name. */
function capital(name: string): string {
  return /^p\d/.test(name) ? name : name.charAt(0).toUpperCase() + name.slice(1)
}
