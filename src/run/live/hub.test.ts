import { expect, test } from 'vitest'
import type { Chart } from '../../report/html/charts/chart.ts'
import { LiveLoad, LivePressure } from '../../report/html/live.ts'
import { timelineRow } from '../../report/result-parts.fixture.ts'
import { type Update, updateWith } from './hub.ts'
import { pressureProgress, progress } from './progress.fixture.ts'

const rows = (...seconds: number[]) => ({ timeline: seconds.map(timelineRow), resources: {} })
const sample = (second: number) => ({ second, cpu_percent: second, memory_bytes: 1 })

/** As the page does it. */
function patched(charts: readonly Chart[], { patches }: Update): Chart[] {
  return charts.map((chart) => {
    const patch = patches.find(({ id }) => id === chart.id)
    if (patch === undefined) return chart
    const series = chart.series.map((line, index) => ({
      ...line,
      values: [...line.values.slice(0, patch.from), ...(patch.values[index] ?? [])],
    }))
    return { ...chart, xs: [...chart.xs.slice(0, patch.from), ...patch.xs], series }
  })
}

test('a page that takes every update has what a page has that is opened last', () => {
  const run = new LiveLoad(progress())
  run.add(progress(), { ...rows(0, 1), resources: { a: [sample(0)], b: [] } })
  const opened = run.snapshot().charts
  const update = updateWith(run, progress(), {
    ...rows(2),
    resources: { a: [sample(1)], b: [sample(0), sample(1)] },
  })
  if (update === undefined) throw new Error('no update')
  expect(patched(opened, update)).toEqual(run.snapshot().charts)
  expect(update.patches.find(({ id }) => id === 'throughput')?.xs).toEqual([1, 2])
})

test('a chart that was not there before needs the page drawn anew', () => {
  const run = new LiveLoad(progress())
  expect(updateWith(run, progress(), rows(0))).toBeDefined()
  const sampled = (second: number) => ({ ...rows(second), resources: { a: [sample(second)] } })
  expect(updateWith(run, progress(), sampled(1))).toBeUndefined()
  expect(updateWith(run, progress(), sampled(2))).toBeDefined()
})

test('the figures are those of the newest progress', () => {
  const run = new LiveLoad(progress())
  run.add(progress({ accepted: 4321, elapsed_seconds: 9, left_seconds: null }), rows())
  const { head, cards } = run.snapshot()
  expect(cards).toContain('4,321')
  expect(head).toContain('9 s so far</p>')
})

test('of a proxy under pressure each progress is a point; what was not read is a gap', () => {
  const run = new LivePressure(pressureProgress())
  const told = [1, 2.1, 3].map((elapsed_seconds) =>
    pressureProgress({ elapsed_seconds, pending: elapsed_seconds === 2.1 ? null : 7 }),
  )
  const updates = told.map((one) => updateWith(run, one))
  const pending = run.snapshot().charts.find(({ id }) => id === 'live-pending')
  expect(pending?.xs).toEqual([1, 2.1, 3])
  expect(pending?.series[0]?.values).toEqual([7, null, 7])
  expect(updates.at(-1)?.patches.find(({ id }) => id === 'live-pending')).toEqual({
    id: 'live-pending',
    from: 1,
    xs: [2.1, 3],
    values: [[null, 7]],
  })
  run.add(pressureProgress({ phase: 'draining', left_seconds: null }))
  expect(run.snapshot().head).toContain('the queue drains')
})
