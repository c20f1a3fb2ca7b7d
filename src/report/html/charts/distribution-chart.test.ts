import { expect, test } from 'vitest'
import { EMPTY_HISTOGRAM, Histogram } from '../../../engine/histogram.ts'
import { distributionChart, ninesUpTo } from './latency.ts'

function histogramOf(...values: number[]) {
  const histogram = new Histogram()
  for (const value of values) histogram.record(value)
  return histogram.toSparse()
}

const oneToHundred = histogramOf(...Array.from({ length: 100 }, (_, index) => (index + 1) / 1000))

test('each nine takes as much room as the one before, up to the number of values', () => {
  const xs = ninesUpTo([1000])
  expect(xs[0]).toBe(1)
  expect(xs.at(-1)).toBe(1000)
  const index = (x: number) => xs.findIndex((value) => Math.abs(value - x) < 1e-9)
  expect(index(100) - index(10)).toBe(index(10) - index(1))
})

test('reads percentiles off the histogram: the minimum at 1, p90 at 10, the maximum at its end', () => {
  const chart = distributionChart([{ label: 'a', tone: 'accent', histogram: oneToHundred }])
  const valueAt = (x: number) =>
    chart?.series[0]?.values[chart.xs.findIndex((one) => Math.abs(one - x) < 1e-9)]
  expect(valueAt(1)).toBe(0.001)
  expect(valueAt(10)).toBe(0.09)
  expect(valueAt(100)).toBe(0.1)
})

test('a curve of fewer values ends earlier, with its own maximum', () => {
  const chart = distributionChart([
    { label: 'many', tone: 'accent', histogram: oneToHundred },
    { label: 'few', tone: 'muted', histogram: histogramOf(1, 2, 3, 4) },
  ])
  const few = chart?.series[1]?.values ?? []
  const last = few.findLastIndex((value) => value !== null)
  expect(chart?.xs[last]).toBe(4)
  expect(few[last]).toBe(4)
  expect(few.slice(last + 1).every((value) => value === null)).toBe(true)
  expect(chart?.series[0]?.values.every((value) => value !== null)).toBe(true)
})

test('what was not measured is not drawn', () => {
  expect(distributionChart([{ label: 'a', tone: 'accent', histogram: EMPTY_HISTOGRAM }])).toBeUndefined()
})
