import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  countBetween,
  EMPTY_HISTOGRAM,
  Histogram,
  mergeSparse,
  quantileMs,
  type SparseHistogram,
  summarise,
} from './histogram.ts'

/** From a microsecond to the longest that is kept apart, evenly over the orders of magnitude. */
const durationMs = fc
  .double({ min: Math.log(0.001), max: Math.log(4_000_000), noNaN: true })
  .map((log) => Math.exp(log))
/** Sums of eighths of a millisecond are exact in floating point, in whatever order. */
const eighthsMs = fc.integer({ min: 0, max: 8 * 3_600_000 }).map((eighths) => eighths / 8)
const quantile = fc.double({ min: 0, max: 1, noNaN: true })

function histogramOf(values: readonly number[]): SparseHistogram {
  const histogram = new Histogram()
  for (const value of values) histogram.record(value)
  return histogram.toSparse()
}

describe('quantileMs', () => {
  it('is within 0.1 % of the nearest rank of the sorted values, or half a microsecond', () => {
    fc.assert(
      fc.property(fc.array(durationMs, { minLength: 1, maxLength: 300 }), quantile, (values, q) => {
        const rank = Math.max(1, Math.ceil(q * values.length - 1e-6))
        const exact = values.toSorted((a, b) => a - b)[rank - 1] as number
        const error = Math.abs(quantileMs(histogramOf(values), q) - exact)
        expect(error).toBeLessThanOrEqual(Math.max(exact * 0.001, 0.000_5) + 1e-9)
      }),
    )
  })

  it('never lies outside what was recorded, and never falls as q rises', () => {
    fc.assert(
      fc.property(fc.array(durationMs, { minLength: 1 }), quantile, quantile, (values, p, q) => {
        const histogram = histogramOf(values)
        const [lower, upper] = [quantileMs(histogram, Math.min(p, q)), quantileMs(histogram, Math.max(p, q))]
        expect(lower).toBeLessThanOrEqual(upper)
        expect(lower).toBeGreaterThanOrEqual(Math.min(...values))
        expect(upper).toBeLessThanOrEqual(Math.max(...values))
      }),
    )
  })

  it.each([
    [0.5, 50],
    [0.9, 90],
    // 0.99 · 100 is above 99 in floating point.
    [0.99, 99],
    [0.991, 100],
    [0.999, 100],
    [1, 100],
    [0, 1],
  ])('at %d of 1…100 ms is %d ms', (q, expected) => {
    const values = Array.from({ length: 100 }, (_, index) => index + 1)
    expect(Math.round(quantileMs(histogramOf(values), q))).toBe(expected)
  })

  it('of nothing is NaN, not 0', () => {
    expect(quantileMs(EMPTY_HISTOGRAM, 0.5)).toBeNaN()
    expect(summarise(EMPTY_HISTOGRAM)).toMatchObject({ count: 0, avg: null, min: null, max: null, p99: null })
  })
})

describe('record', () => {
  it.each([
    [-0.3, 0, 'clock noise counts as 0'],
    [0, 0, 'nothing'],
    [1.023, 1.023, 'the last bucket of one microsecond'],
    [1.024, 1.0245, 'the first bucket of two'],
    [4_294_967.295, 4_294_967.295, 'the longest that has a bucket of its own'],
    [10_000_000, 10_000_000, 'longer: still the exact maximum'],
  ])('of %d ms reads back as %d ms: %s', (ms, expected) => {
    const histogram = histogramOf([ms, ms])
    expect(quantileMs(histogram, 0.5)).toBeCloseTo(Math.min(expected, histogram.max_ms), 3)
    expect(histogram).toMatchObject({ count: 2, max_ms: Math.max(ms, 0) })
  })

  it('counts what is longer than 71 minutes in the last bucket, above all that is shorter', () => {
    const histogram = histogramOf([1, 4_000_000, 5_000_000, 6_000_000])
    expect(quantileMs(histogram, 0.75)).toBeGreaterThan(4_000_000)
    expect(quantileMs(histogram, 1)).toBe(6_000_000)
  })

  it('starts anew after reset', () => {
    const histogram = new Histogram()
    histogram.record(5)
    histogram.reset()
    expect(histogram.toSparse()).toEqual(EMPTY_HISTOGRAM)
    histogram.record(2)
    expect(histogram.toSparse()).toEqual(histogramOf([2]))
  })

  it('keeps each value in one bucket, and no empty ones', () => {
    expect(histogramOf([1, 0.5, 1])).toEqual({
      buckets: [500, 1, 1_000, 2],
      count: 3,
      min_ms: 0.5,
      max_ms: 1,
      sum_ms: 2.5,
    })
    // 2^32 µs are in the last of 24 · 512 buckets, and all that is longer too.
    expect(histogramOf([4_294_967.295, 4_294_967.296, 1e9]).buckets).toEqual([12_287, 3])
  })

  it.each([
    [[1, 1.024, 1.025, 3], 1.0245, 'two microseconds: 1,024 and 1,025'],
    [[1, 2.048, 2.051, 3], 2.0495, 'four: from 2,048 to 2,051'],
    [[1, 1_000, 1_000.4, 2_000], 999.9355, '1,024: from 999,424 to 1,000,447'],
  ])('reads a value of %j ms as %d, the middle of its bucket: %s', (values, middleMs) => {
    expect(quantileMs(histogramOf(values), 0.5)).toBe(middleMs)
    const histogram = new Histogram()
    for (const value of values) histogram.record(value)
    expect([histogram.count, histogram.quantile(0.5)]).toEqual([4, middleMs])
  })
})

describe('merging', () => {
  it('gives exactly what one histogram of all values would hold', () => {
    fc.assert(
      fc.property(fc.array(eighthsMs), fc.array(eighthsMs), (left, right) => {
        const whole = histogramOf([...left, ...right])
        expect(mergeSparse(histogramOf(left), histogramOf(right))).toEqual(whole)
        const dense = new Histogram()
        dense.merge(histogramOf(left))
        dense.merge(histogramOf(right))
        expect(dense.toSparse()).toEqual(whole)
      }),
    )
  })

  it('survives JSON', () => {
    const histogram = histogramOf([0.1, 3, 3, 700])
    expect(JSON.parse(JSON.stringify(histogram))).toEqual(histogram)
  })
})

it('summarises in milliseconds, rounded to microseconds', () => {
  const values = Array.from({ length: 1_000 }, (_, index) => (index + 1) / 4)
  expect(summarise(histogramOf(values))).toEqual({
    count: 1_000,
    avg: 125.125,
    min: 0.25,
    max: 250,
    p50: expect.closeTo(125, 0),
    p90: expect.closeTo(225, 0),
    p95: expect.closeTo(237.5, 0),
    p99: expect.closeTo(247.5, 0),
    p99_9: expect.closeTo(249.75, 0),
  })
})

it.each([
  [0, 1, 3],
  [0.5, 0.7, 2],
  [0.5, 0.700_1, 3],
  [0.500_1, 1, 2],
  [0.8, 9, 0],
])('counts the values from %d up to below %d ms', (fromMs, toMs, count) => {
  expect(countBetween(histogramOf([0.5, 0.6, 0.7]), fromMs, toMs)).toBe(count)
})
