import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkMetricKinds } from '../figures/custom.ts'
import {
  CustomMetrics,
  type CustomRecording,
  customRecordingOf,
  customResults,
  type MetricKinds,
  mergeCustom,
} from './custom-metrics.ts'

const KINDS = { retries: 'counter', depth: 'gauge', slow: 'rate', wait_ms: 'trend' } as const

interface Added {
  readonly name: keyof typeof KINDS
  readonly value: number
  readonly atMs: number
}

/** What one thread records of these. */
function recorded(added: readonly Added[], kinds: MetricKinds = KINDS): CustomRecording {
  let nowMs = 0
  const metrics = new CustomMetrics(kinds, () => nowMs)
  for (const { name, value, atMs } of added) {
    nowMs = atMs
    metrics.add(name, value)
  }
  return metrics.snapshot()
}

describe('CustomMetrics', () => {
  it('sums a counter, by 1 where nothing is said', () => {
    const metrics = new CustomMetrics(KINDS, () => 0)
    metrics.add('retries')
    metrics.add('retries', 41)
    expect(metrics.snapshot().retries).toEqual({ kind: 'counter', sum: 42 })
  })

  it('keeps the last value of a gauge, with its extremes', () => {
    const added = [7, -2, 3].map((value, index) => ({ name: 'depth', value, atMs: index * 10 }) as const)
    expect(recorded(added).depth).toEqual({ kind: 'gauge', value: 3, min: -2, max: 7, atMs: 20 })
    const atOnce = added.map((one) => ({ ...one, atMs: 5 }))
    expect(recorded(atOnce).depth).toEqual({ kind: 'gauge', value: 3, min: -2, max: 7, atMs: 5 })
  })

  it('counts what is neither false nor 0 as a hit of a rate', () => {
    const metrics = new CustomMetrics(KINDS, () => 0)
    for (const value of [true, false, 1, 0, 0.5]) metrics.add('slow', value)
    expect(metrics.snapshot().slow).toEqual({ kind: 'rate', hits: 3, total: 5 })
  })

  it('keeps the distribution of a trend', () => {
    const { wait_ms } = recorded([5, 1, 3].map((value) => ({ name: 'wait_ms', value, atMs: 0 })))
    expect(wait_ms).toMatchObject({
      kind: 'trend',
      histogram: { count: 3, min_ms: 1, max_ms: 5, sum_ms: 9 },
    })
  })

  it.for([
    {
      name: 'retry',
      value: 1,
      says: 'the scenario does not have it.\nIt has: retries, depth, slow, wait_ms.',
    },
    { name: 'retries', value: -1, says: 'Failed to record -1 for the custom metric "retries": only a gauge' },
    { name: 'wait_ms', value: Number.NaN, says: 'Failed to record NaN for the custom metric "wait_ms"' },
    { name: 'depth', value: Number.POSITIVE_INFINITY, says: 'it is not a number.' },
  ])('refuses $value for $name', ({ name, value, says }) => {
    expect(() => new CustomMetrics(KINDS, () => 0).add(name, value)).toThrow(says)
  })
})

const addedOf: fc.Arbitrary<Added> = fc.record({
  name: fc.constantFrom(...(Object.keys(KINDS) as (keyof typeof KINDS)[])),
  value: fc.nat(1000).map((quarters) => quarters / 4),
  atMs: fc.nat(100_000),
})

describe('mergeCustom', () => {
  it('makes of two threads what one thread would have recorded', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(addedOf, fc.boolean())), (rows) => {
        const inTime = rows.toSorted(
          ([a], [b]) => a.atMs - b.atMs || (a.name === 'depth' && b.name === 'depth' ? a.value - b.value : 0),
        )
        const here = inTime.filter(([, first]) => first).map(([added]) => added)
        const there = inTime.filter(([, first]) => !first).map(([added]) => added)
        const whole = recorded(inTime.map(([added]) => added))
        expect(mergeCustom(recorded(here), recorded(there))).toEqual(whole)
        expect(mergeCustom(recorded(there), recorded(here))).toEqual(whole)
      }),
    )
  })

  it('takes from either side what the other lacks', () => {
    const merged = mergeCustom(recorded([], { a: 'counter' }), recorded([], { b: 'rate' }))
    expect(Object.keys(merged)).toEqual(['a', 'b'])
  })

  it('refuses to merge a counter with a gauge', () => {
    const merging = () => mergeCustom(recorded([], { a: 'counter' }), recorded([], { a: 'gauge' }))
    expect(merging).toThrow('Failed to merge the custom metric "a": it is a counter here and a gauge there.')
  })
})

describe('customResults', () => {
  const added: Added[] = [
    { name: 'retries', value: 30, atMs: 0 },
    { name: 'depth', value: 4, atMs: 1500 },
    { name: 'slow', value: 1, atMs: 0 },
    { name: 'slow', value: 0, atMs: 0 },
    { name: 'wait_ms', value: 12, atMs: 0 },
  ]

  it('has a rate over the duration, a share, and percentiles', () => {
    expect(customResults(recorded(added), 60)).toMatchObject({
      retries: { kind: 'counter', sum: 30, per_second: 0.5 },
      depth: { kind: 'gauge', value: 4, at_seconds: 1.5 },
      slow: { kind: 'rate', share: 0.5, hits: 1, total: 2 },
      wait_ms: { kind: 'trend', summary: { count: 1, p95: 12, max: 12 } },
    })
  })

  it('has null, not 0, where nothing was recorded', () => {
    expect(customResults(recorded([]), 0)).toMatchObject({
      retries: { sum: 0, per_second: null },
      depth: { value: null, min: null, at_seconds: null },
      slow: { share: null, total: 0 },
      wait_ms: { summary: { count: 0, p95: null } },
    })
  })

  it('survives JSON and can be turned back, so that results of several generators merge', () => {
    const recording = recorded(added)
    const read = JSON.parse(JSON.stringify(customResults(recording, 60)))
    expect(customRecordingOf(read)).toEqual(recording)
    expect(customRecordingOf(customResults(recorded([]), 60))).toEqual(recorded([]))
  })
})

describe('checkMetricKinds', () => {
  it('takes names and kinds that are fine', () => {
    expect(() => checkMetricKinds(KINDS)).not.toThrow()
  })

  it('names every problem: no name, a name of ours, a phase, no such kind', () => {
    const kinds = { Retries: 'counter', lost: 'counter', connect: 'trend', depth: 'gage' }
    expect(() => checkMetricKinds(kinds as unknown as MetricKinds)).toThrow(
      [
        "Failed to read the scenario's own metrics:",
        '"Retries" is not a valid name: it has lower-case letters, digits and _, and begins with a letter.',
        '"lost" is one of mailstorm\'s own metrics: choose another name.',
        '"connect" is one of mailstorm\'s own metrics: choose another name.',
        '"depth" cannot be a "gage": the kinds are counter, gauge, rate, trend.',
      ].join('\n  '),
    )
  })
})
