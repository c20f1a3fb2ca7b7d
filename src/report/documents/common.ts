import type { SideBySide, ThresholdResult, Unit } from '../../engine/result.ts'
import { figureValue } from '../../figures/figure.ts'
import { unitOfThreshold } from '../../figures/threshold.ts'
import type { AnyResult } from '../../pressure/result.ts'
import type { RunResult } from '../../results/kinds.ts'
import { listOf } from '../../results/overview.ts'
import { FOREIGN_TEXT_LENGTH } from '../../text/foreign-text.ts'
import {
  type Block,
  type Cell,
  capital,
  type Fact,
  factsFrom,
  type Head,
  left,
  PAGES,
  type Part,
  right,
  type Table,
  table,
} from '../block.ts'
import { count, decimal, figureText, MISSING, size } from '../format.ts'
import { type Chart, lineTone, type Tone } from '../html/charts/chart.ts'
import { runName, thresholdFigures } from '../verdict.ts'

/** What is said of each kind of run. */

/** Of a run of either kind: its name, when it ran, how it went. */
export function headOf(result: AnyResult, { reason, facts }: Pick<Head, 'reason' | 'facts'>): Head {
  const { stamp, verdict, status, partial_reason: why } = result
  const stoppedEarly = status === 'partial' ? (why ?? 'unknown reason') : undefined
  return { name: runName(result), stamp, verdict, reason, stoppedEarly, facts }
}

export function backendFact({ backend }: AnyResult): Fact {
  return { label: 'Backend', value: `${backend.name} (${backend.why})` }
}

export function seedFact({ seed }: AnyResult): Fact {
  return { label: 'Seed', value: String(seed) }
}

/** Of a page's head: a terminal's reader was there. */
export function whereAndWhen({ machine, metrics }: AnyResult): Fact[] {
  const { cpu, cores, memory_bytes: memory, os } = machine
  return factsFrom([
    ['Machine', `${cpu}, ${cores} cores, ${size(memory)}, ${os}`],
    ['Started', readableTime(metrics.start_time)],
  ]).map((fact) => ({ ...fact, in: PAGES }))
}

export function environmentFacts({ run_id, versions, metrics, format }: AnyResult): Fact[] {
  const named = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  return factsFrom([
    ['Ended', readableTime(metrics.end_time)],
    ['Run', run_id],
    ['Versions', named.join(', ')],
    ['Format', format],
  ])
}

/** `2026-01-02 03:04:05 UTC`: the same wherever the page is opened. */
function readableTime(iso: string): string {
  return iso.replace(/T(\d\d:\d\d:\d\d)(?:\.\d+)?Z$/, ' $1 UTC')
}

const VERDICTS: Readonly<Record<ThresholdResult['verdict'], Cell>> = {
  pass: { text: 'pass', tone: 'good', sign: '✅', judged: true },
  fail: { text: 'fail', tone: 'bad', sign: '❌', judged: true },
  'no-data': { text: 'no data', tone: 'bad', sign: '❌', judged: true },
  skipped: { text: 'skipped', tone: 'warn', sign: '⏭️', judged: true },
}

/** What the run had to hold, and by how much it did. */
export function thresholdsBlock(thresholds: readonly ThresholdResult[]): Block {
  const columns = [
    left('verdict'),
    left('threshold'),
    right('value'),
    right('limit'),
    right('margin', { in: PAGES }),
    left('', { long: true, most: FOREIGN_TEXT_LENGTH }),
  ]
  const rows = thresholds.map((threshold): Cell[] => {
    const { expression, verdict, reason = '' } = threshold
    const { value, limit } = thresholdFigures(threshold)
    return [VERDICTS[verdict], { text: expression, code: true }, value, limit, marginOf(threshold), reason]
  })
  return { title: 'Thresholds', parts: table(columns, rows) }
}

/**
 * How far the value is on the good side of its limit, in percent of the limit, of a share in points of percent;
 * negative beyond it.
 */
export function marginOf(threshold: ThresholdResult): string {
  const { expression, value, limit } = threshold
  const isShare = unitOfThreshold(threshold) === 'share'
  if (value === null || (limit === 0 && !isShare)) return MISSING
  const upper = /<=?\d|<=?-/.test(expression)
  const lower = />=?\d|>=?-/.test(expression)
  if (!upper && !lower) return MISSING
  const good = upper ? limit - value : value - limit
  const share = (isShare ? good : good / Math.abs(limit)) * 100
  const unit = isShare ? 'pp' : '%'
  const digits = Math.abs(share) < 10 ? 2 : 0
  const text = decimal(share, digits)
  if (Number(text.replaceAll(',', '')) === 0) return `0 ${unit}`
  return `${share > 0 ? '+' : ''}${text.replace('-', '−')} ${unit}`
}

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

/** One column of a table over time: how the seconds of a row are told in one figure. */
export interface TimeColumn<Row> {
  readonly title: string
  readonly of: 'sum' | 'last' | 'worst'
  read(row: Row): number | null
}

/** Rows that a person still reads; a longer run gets several seconds to the row. */
const MOST_ROWS = 20

/** The run over time, condensed. Counts add up, of states the last stands, of latencies the worst second. */
export function timelineTable<Row extends { readonly second: number }>(
  timeline: readonly Row[],
  columns: readonly TimeColumn<Row>[],
): Table[] {
  const perRow = Math.max(1, Math.ceil(timeline.length / MOST_ROWS))
  const groups = Array.from({ length: Math.ceil(timeline.length / perRow) }, (_, index) =>
    timeline.slice(index * perRow, (index + 1) * perRow),
  )
  const rows = groups.map((group) => [secondsOf(group), ...columns.map((column) => figureOf(group, column))])
  const second = perRow === 1 ? left('second') : left('seconds')
  return table([second, ...columns.map(({ title }) => right(title))], rows, { in: ['markdown'] })
}

function secondsOf(group: readonly { readonly second: number }[]): string {
  const first = group[0]
  const last = group.at(-1)
  return first === last ? String(first?.second) : `${first?.second}–${last?.second}`
}

function figureOf<Row>(group: readonly Row[], { of, read }: TimeColumn<Row>): string {
  const last = group.at(-1)
  if (of === 'last') return count(last === undefined ? null : read(last))
  const measured = group.map(read).filter((value) => value !== null)
  if (measured.length === 0) return count(null)
  return of === 'sum'
    ? count(measured.reduce((sum, value) => sum + value, 0))
    : decimal(
        measured.reduce((most, value) => Math.max(most, value)),
        2,
      )
}

const FIGURE_COLUMNS = [left('figure'), left('title'), left('group'), right('value')]

/** Every figure that was measured, by the name that thresholds have for it. */
export function figuresBlock(result: RunResult): Block {
  const rows = listOf(result).all.flatMap((figure) => {
    const value = figureValue(figure, result)
    const { name, title, group, unit } = figure
    return value === null
      ? []
      : [[{ text: name, code: true } as const, title, group, figureText(value, unit)]]
  })
  return {
    title: 'Figures',
    note: 'Every figure by the name to use in a threshold.',
    closed: 'All figures',
    in: PAGES,
    folded: true,
    parts: table(FIGURE_COLUMNS, rows),
  }
}
