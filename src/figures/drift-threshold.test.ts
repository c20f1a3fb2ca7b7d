import { expect, it } from 'vitest'
import type { DriftResult } from '../engine/result.ts'
import { measuredRun } from './threshold.fixture.ts'
import { judge, parseThreshold } from './threshold.ts'

const row = (of: string, unit: DriftResult['unit'], perHour: number): DriftResult => ({
  of,
  unit,
  per_hour: perHour,
  low_per_hour: perHour,
  high_per_hour: perHour,
  points: 100,
})

const drift = [
  row('response time p99', 'ms', 12.5),
  row('memory of smtp-server-1', 'bytes', -5 * 1_048_576),
  row('memory of smtp-server-2', 'bytes', 70 * 1_048_576),
]

it.each([
  ['p99_drift<12', 'fail', 12.5],
  ['p99_drift<13', 'pass', 12.5],
  // In MB per hour, of the server that grows most.
  ['memory_drift<64', 'fail', 70],
  ['memory_drift<=70', 'pass', 70],
] as const)('%s: %s', (expression, verdict, value) => {
  expect(judge(parseThreshold(expression), { ...measuredRun, drift })).toMatchObject({ verdict, value })
})

it('has no data, and so fails, where no slope could be fitted', () => {
  for (const run of [measuredRun, { ...measuredRun, drift: [] }]) {
    expect(judge(parseThreshold('memory_drift<64'), run)).toMatchObject({ verdict: 'no-data', value: null })
  }
})
