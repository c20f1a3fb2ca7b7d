import { expect, it } from 'vitest'
import type { DriftResult, ThresholdResult } from '../engine/result.ts'
import { thresholdSentence } from '../report/verdict.ts'
import { measuredRun } from './threshold.fixture.ts'
import { judge, parseThreshold, unitOfThreshold } from './threshold.ts'

const row = (
  of: string,
  unit: DriftResult['unit'],
  perHour: number,
  [low, high]: readonly [number, number] = [perHour, perHour],
): DriftResult => ({ of, unit, per_hour: perHour, low_per_hour: low, high_per_hour: high, points: 100 })

const drift = [
  row('response time p99', 'ms', 12.5),
  row('memory of smtp-server-1', 'bytes', -5 * 1_048_576),
  row('memory of smtp-server-2', 'bytes', 70 * 1_048_576),
]

it.each([
  ['p99_drift<12', 'fail', 12.5],
  ['p99_drift<13', 'pass', 12.5],
  // In MB per hour, of the server that grows fastest.
  ['memory_drift<64', 'fail', 70],
  ['memory_drift<=70', 'pass', 70],
] as const)('%s: %s', (expression, verdict, value) => {
  expect(judge(parseThreshold(expression), { ...measuredRun, drift })).toMatchObject({ verdict, value })
})

// A step late in the run makes a median slope, and no trend.
it.each([
  [40, [30, 50], 30],
  [181, [0, 218], 0],
  [40, [-5, 50], 0],
  [-40, [-50, 5], 0],
  [-40, [-50, -30], -30],
] as const)('judges of %i (%o) what is proven: %i', (slope, interval, value) => {
  const run = { ...measuredRun, drift: [row('response time p99', 'ms', slope, interval)] }
  expect(judge(parseThreshold('p99_drift<20'), run)).toMatchObject({
    value,
    verdict: value < 20 ? 'pass' : 'fail',
  })
})

it('has no data, and so fails, where no slope could be fitted', () => {
  for (const run of [measuredRun, { ...measuredRun, drift: [] }]) {
    expect(judge(parseThreshold('memory_drift<64'), run)).toMatchObject({ verdict: 'no-data', value: null })
  }
})

it('says so with the unit of the slope, in files of older versions too', () => {
  const run = { ...measuredRun, drift }
  const [p99, memory] = ['p99_drift<12', 'memory_drift<64'].map((text) => judge(parseThreshold(text), run))
  expect([p99?.unit, memory?.unit]).toEqual(['ms_per_hour', 'megabytes_per_hour'])
  for (const judged of [p99, memory]) {
    if (judged === undefined) throw new Error('it was not judged')
    const { unit, ...older } = judged
    expect(unitOfThreshold(older)).toBe(unit)
  }
  expect(thresholdSentence(p99 as ThresholdResult)).toBe('p99_drift<12 — was 12.50 ms/h')
})
