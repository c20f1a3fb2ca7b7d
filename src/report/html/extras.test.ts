import { expect, test } from 'vitest'
import type { Result } from '../../engine/result.ts'
import { sideBySideCharts } from '../documents/common.ts'
import { driftCharts } from '../documents/drift.ts'
import { searchCharts } from '../documents/search.ts'
import { smtpDocument } from '../documents/smtp.ts'
import { burstResult } from '../result.fixture.ts'
import * as writer from '../writers/html.ts'
import type { Chart } from './charts/chart.ts'
import { timeNote } from './charts/thin.ts'
import { driftingResult, mergedFrom, scalingTable, searchResult, splitResult } from './extras.fixture.ts'

const chartsOf = (result: Result) => writer.chartsOf(smtpDocument(result))
const textOf = (changes: Partial<Result>) =>
  writer
    .writePage(smtpDocument(burstResult(changes)), { css: '', script: '' })
    .replaceAll(/<[^>]+>/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim()
const drawn = (chart: Chart | undefined) => chart?.series.map(({ label, values }) => [label, values])

test('what is measured in one unit stands on one axis, and a count that is the same in all rows on none', () => {
  const charts = sideBySideCharts(scalingTable())
  expect(charts.map(({ title }) => title)).toEqual(['Throughput', 'p50, p99', 'Efficiency per server'])
  expect(charts[1]?.labels).toEqual(['1-server', '3-servers', '5-servers'])
  expect(drawn(charts[1])).toEqual([
    ['p50', [6, 4.67, 5.04]],
    ['p99', [16.85, 43.36, null]],
  ])
})

test('a table of one row, as of a faults suite that was cut short, has no charts', () => {
  const table = scalingTable()
  expect(sideBySideCharts({ ...table, rows: table.rows.slice(0, 1) })).toEqual([])
  expect(textOf({ side_by_side: table })).toContain('5-servers 5,000 7,005/s 5.04 ms – 20.41 %')
})

test('tries stand by their rates, each in the series of its outcome', () => {
  const [way, throughput, p99, success] = searchCharts(searchResult())
  expect(drawn(way)).toEqual([
    ['held', [100, 200, null, 300, null]],
    ['broke', [null, null, 400, null, null]],
    ['inconclusive', [null, null, null, null, 350]],
    ['found', [300, 300, 300, 300, 300]],
  ])
  expect(throughput?.xs).toEqual([100, 200, 300, 350, 400])
  expect(drawn(throughput)?.at(-1)).toEqual(['offered', [100, 200, 300, 350, 400]])
  expect(drawn(p99)?.slice(1)).toEqual([
    ['broke', [null, null, null, null, 1200]],
    ['inconclusive', [null, null, null, null, null]],
    ['limit', [500, 500, 500, 500, 500]],
  ])
  expect(drawn(success)?.at(-1)).toEqual(['limit', [0.99, 0.99, 0.99, 0.99, 0.99]])
})

test('a search that found nothing says so, and draws no line at what it found', () => {
  const search = searchResult({ rate_per_second: null, broke_at_per_second: null, holds: ['lost==0'] })
  expect(textOf({ search })).toContain('Highest rate that holds none not even the lowest')
  expect(searchCharts(search).flatMap(({ series }) => series.map(({ label }) => label))).not.toContain(
    'found',
  )
  expect(JSON.stringify(searchCharts(search))).not.toContain('"limit"')
})

test('the slope goes through the middle of what was measured', () => {
  const [p99, memory] = driftCharts(driftingResult())
  expect(p99?.note).toBe('+60.00 ms per hour')
  const [measured, slope] = p99?.series ?? []
  expect(measured?.values[300]).toBe(25)
  for (const [second, value] of (slope?.values ?? []).entries()) expect(value).toBeCloseTo(20 + second / 60)
  expect(memory?.series[1]?.values.at(-1)).toBe(80 * 1_048_576)
})

test('a slope whose interval holds 0 is not significant', () => {
  const text = textOf(driftingResult())
  expect(text).toContain('+60.00 ms +50.00 ms +70.00 ms rising 108')
  expect(text).toContain('0 −1 MB +1 MB not significant 108')
  expect(textOf({})).not.toContain('Drift')
})

test('one generator says which of several it is, and merged ones who is missing, by the same index', () => {
  expect(textOf({ split: splitResult() })).toContain('Generator 1 (of 0 to 2)')
  const merged = textOf({ merged: mergedFrom() })
  expect(merged).toContain('They started within 31.0 ms of each other, by their own clocks.')
  expect(merged).toContain('The results of generator 2 are missing.')
  expect(textOf({ merged: { ...mergedFrom(), generators: 1e12 } })).toContain(
    'generators 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 999,999,999,988 more',
  )
  expect(merged).toMatch(/\b1 b7f3a1c2g1 \S+ 31\.0 ms – 1,000 250\.0\/s/)
})

test('below four seconds there are bars in place of lines, with the same values', () => {
  const { timeline, metrics } = burstResult()
  const short = burstResult({ timeline: timeline.slice(0, 2) })
  const overTime = (result: typeof short) => chartsOf(result).filter(({ axis }) => axis === 'time')
  expect(overTime(short).every(({ bars, log }) => bars === true && log === false)).toBe(true)
  expect(overTime(short)[0]?.series[0]?.values).toEqual([1200, 1200])
  expect(overTime(burstResult()).some(({ bars }) => bars === true)).toBe(false)
  expect(timeNote(short.timeline, 1.4)).toMatch(/one bar per second\. The last one covers 0\.40 s\.$/)
  expect(timeNote(timeline, metrics.duration_seconds)).toMatch(/The last point covers 0\.21 s\.$/)
})

test('a load in stages has its plan drawn, second by second', () => {
  const timeline = burstResult().timeline.map((row, second) => ({ ...row, due: 10 * second }))
  const [throughput] = chartsOf(burstResult({ target_rate: 20, timeline })).filter(
    ({ id }) => id === 'throughput',
  )
  expect(drawn(throughput)?.[1]).toEqual(['due', [0, 10, 20, 30, 40]])
})
