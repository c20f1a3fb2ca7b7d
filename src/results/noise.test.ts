import { expect, test } from 'vitest'
import { burstResult } from '../report/result.fixture.ts'
import { runWith } from './compare.fixture.ts'
import { compareRuns } from './compare.ts'

const STEADY = [990, 1000, 1010, 1000, 995, 1005, 400]
const scaled = (seconds: readonly number[], by: number) => seconds.map((count) => count * by)

function throughputRow(before: readonly number[], after: readonly number[], change: number) {
  const { rows } = compareRuns({
    before: [runWith({ throughput: 1000, perSecond: before })],
    after: [runWith({ throughput: 1000 * change, perSecond: after })],
  })
  return rows.find(({ name }) => name === 'throughput')
}

test('a steady run that became slower is a regression', () => {
  expect(throughputRow(STEADY, scaled(STEADY, 0.85), 0.85)).toMatchObject({
    verdict: 'regression',
    reason: null,
  })
})

test('a run that is slower by no more than its seconds differ is noise, and the figures say why', () => {
  const unsteady = [700, 1300, 800, 1200, 900, 1100, 200]
  expect(throughputRow(unsteady, scaled(unsteady, 0.85), 0.85)).toMatchObject({
    verdict: 'noise',
    reason: expect.stringContaining('825 to 1175/s'),
  })
})

test('beyond three times its limit nothing is noise: a run that stalls half of the time differs widely too', () => {
  const stalling = [1000, 0, 1000, 0, 1000, 1000, 0, 0, 1000]
  expect(throughputRow(STEADY, stalling, 0.55)?.verdict).toBe('regression')
})

test('a burst of few seconds is too short to tell', () => {
  expect(throughputRow([700, 1300, 1000, 500], [600, 1200, 850, 400], 0.85)).toMatchObject({
    verdict: 'noise',
    reason: '3 whole seconds are too little; take runs of 6 s and more, or 3 runs per side',
  })
})

test('of a run without a timeline its duration says whether it was long enough, and the limit alone decides', () => {
  expect(throughputRow([], [], 0.85)?.verdict).toBe('regression')
})

test('a stream at a given rate is the plan’s doing, however short', () => {
  const stream = { test_type: 'sustained' } as const
  const { rows } = compareRuns({
    before: [runWith({ throughput: 50, perSecond: [50, 50] }, stream)],
    after: [runWith({ throughput: 44, perSecond: [44, 44] }, stream)],
  })
  expect(rows.find(({ name }) => name === 'throughput')?.verdict).toBe('regression')
})

test('the last second, seldom a whole one, counts for nothing', () => {
  const few = [1000, 1000, 1000, 1000, 1000, 3]
  expect(throughputRow(few, scaled(few, 0.85), 0.85)?.verdict).toBe('regression')
  expect(throughputRow(few.slice(1), scaled(few, 0.85).slice(1), 0.85)?.verdict).toBe('noise')
})

function sides(before: readonly number[], after: readonly number[]) {
  const p95s = (values: readonly number[]) => values.map((p95) => runWith({ p95 }))
  const { rows } = compareRuns({ before: p95s(before), after: p95s(after) })
  return rows.find(({ name }) => name === 'p(95)')?.verdict
}

test('runs of three to a side that overlap are noise', () => {
  expect(sides([100, 105, 190], [180, 185, 190])).toBe('noise')
})

test('runs of three to a side that lie apart are a regression', () => {
  expect(sides([100, 105, 120], [180, 185, 190])).toBe('regression')
})

test('two runs to a side say nothing of noise', () => {
  expect(sides([100, 190], [200, 210])).toBe('regression')
})

const BOUND = { generator: { ...burstResult().generator, bound: true } }

/** A run limited by this machine, with this fastest message. */
function boundRun(throughput: number, fastestMs: number, runs = 1) {
  const { metrics } = burstResult()
  const responseTime = { ...metrics.response_time_ms, min: fastestMs, p95: 20 }
  const figures = { ...metrics, throughput, messages_per_second: throughput, response_time_ms: responseTime }
  return Array.from({ length: runs }, () => runWith({}, { ...BOUND, metrics: figures }))
}

test.for([
  [
    'the fastest as fast as before is noise, up to three times the limit',
    boundRun(1000, 1),
    boundRun(710, 3),
    'noise',
  ],
  [
    'a change of more than three times its limit is a regression all the same',
    boundRun(1000, 1),
    boundRun(300, 3),
    'regression',
  ],
  ['the fastest slower too is a regression', boundRun(1000, 1), boundRun(300, 20), 'regression'],
  [
    'three runs to a side that lie apart is a regression',
    boundRun(1000, 1, 3),
    boundRun(300, 1, 3),
    'regression',
  ],
] as const)('where the machine was the limit, %s', ([, before, after, verdict]) => {
  const { rows } = compareRuns({ before, after })
  expect(rows.find(({ name }) => name === 'throughput')?.verdict).toBe(verdict)
})

test('a p95 of 5 ms that became 5,000 ms is a regression, also where both sides were generator-bound', () => {
  const [before, after] = [5, 5000].map((p95) => [runWith({ p95 }, BOUND)])
  const { rows, verdict, cautions } = compareRuns({ before: before ?? [], after: after ?? [] })
  expect(rows.find(({ name }) => name === 'p(95)')?.verdict).toBe('regression')
  expect(verdict).toBe('regression')
  expect(cautions.map(({ sentence }) => sentence)).toContainEqual(
    expect.stringContaining('was generator-bound'),
  )
})

test('a machine at its limit excuses no lost message', () => {
  expect(compareRuns({ before: [runWith({}, BOUND)], after: [runWith({ lost: 1 }, BOUND)] }).verdict).toBe(
    'regression',
  )
})
