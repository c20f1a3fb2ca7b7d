import { expect, test } from 'vitest'
import { quantileMs } from '../engine/histogram.ts'
import { burstResult } from '../report/result.fixture.ts'
import { DEFAULT_LIMITS } from './change.ts'
import { type Figures, runWith } from './compare.fixture.ts'
import { type Comparison, compareRuns } from './compare.ts'
import { olderRun, oldestRun } from './older.fixture.ts'
import { viewOf } from './run-view.ts'

function compared(before: Figures, after: Figures): Comparison {
  return compareRuns({ before: [runWith(before)], after: [runWith(after)] })
}

function rowOf({ rows }: Comparison, name: string) {
  const row = rows.find((one) => one.name === name)
  if (row === undefined) throw new Error(`no row ${name}`)
  return row
}

test.for<[what: string, before: Figures, after: Figures, figure: string, verdict: string]>([
  ['beyond neither limit', { p95: 100 }, { p95: 120 }, 'p(95)', 'same'],
  ['beyond its floor alone', { p95: 1000 }, { p95: 1290 }, 'p(95)', 'same'],
  ['beyond its share alone', { p95: 10 }, { p95: 59 }, 'p(95)', 'worse'],
  ['at its share', { p95: 1000 }, { p95: 1300 }, 'p(95)', 'same'],
  ['at its floor', { p95: 10 }, { p95: 60 }, 'p(95)', 'worse'],
  ['beyond both', { p95: 1000 }, { p95: 1301 }, 'p(95)', 'regression'],
  ['just beyond its floor', { p95: 10 }, { p95: 60.01 }, 'p(95)', 'regression'],
  ['less by both', { p95: 1301 }, { p95: 200 }, 'p(95)', 'better'],
  ['lower by 10 %', { throughput: 1000 }, { throughput: 900 }, 'throughput', 'same'],
  ['lower by more than 10 %', { throughput: 1000 }, { throughput: 899 }, 'throughput', 'regression'],
  ['higher', { throughput: 1000 }, { throughput: 1200 }, 'throughput', 'better'],
  ['lower by 10 %', { successRate: 1 }, { successRate: 0.9 }, 'success_rate', 'worse'],
  ['lower by more', { successRate: 1 }, { successRate: 0.89 }, 'success_rate', 'regression'],
  ['one where none was', { lost: 0 }, { lost: 1 }, 'lost', 'regression'],
  ['one more', { lost: 5 }, { lost: 6 }, 'lost', 'regression'],
  ['fewer', { lost: 5 }, { lost: 4 }, 'lost', 'better'],
])('%s: a change of %o to %o makes %s %s', ([, before, after, figure, verdict]) => {
  const comparison = compared(before, after)
  expect(rowOf(comparison, figure).verdict).toBe(verdict)
  expect(comparison.verdict).toBe(verdict === 'regression' ? 'regression' : 'no-regression')
})

test('a reference that accepted nothing is named first: no run can be worse than it', () => {
  const nothing = runWith({ successRate: 0, throughput: 0 })
  const { cautions } = compareRuns({ before: [nothing], after: [nothing] })
  expect(cautions).toEqual([
    {
      about: 'reference',
      sentence: 'A accepted no message, so no run can be worse in success or throughput',
    },
  ])
  expect(compareRuns({ before: [runWith({})], after: [nothing] }).cautions).toEqual([])
})

test('what a run of a given time sent is no other workload', () => {
  const { workload } = burstResult()
  const timed = (planned: number) =>
    runWith({}, { workload: { ...workload, executor: 'constant-workers', planned, duration_seconds: 10 } })
  expect(compareRuns({ before: [timed(5000)], after: [timed(4321)] }).cautions).toEqual([])
})

test('only figures that decide make a regression', () => {
  const { metrics } = burstResult()
  const slow = { ...metrics, service_time_ms: { ...metrics.service_time_ms, p99: 9000 } }
  const comparison = compareRuns({
    before: [runWith({}, { metrics })],
    after: [runWith({}, { metrics: slow })],
  })
  expect(rowOf(comparison, 'service_time.p(99)').verdict).toBe('worse')
  expect(comparison.verdict).toBe('no-regression')
})

test('tells the change in the unit and in percent', () => {
  const row = rowOf(compared({ throughput: 800 }, { throughput: 600 }), 'throughput')
  expect(row).toMatchObject({
    better: 'higher',
    unit: 'per_second',
    change: { absolute: -200, relative: -0.25 },
  })
})

test('compares the medians of several files, with their ranges', () => {
  const side = (...values: number[]) => values.map((throughput) => runWith({ throughput }))
  const comparison = compareRuns({ before: side(1000, 400, 1010), after: side(700, 710, 2000) })
  const { before, after, verdict } = rowOf(comparison, 'throughput')
  expect(before).toEqual({ median: 1000, min: 400, max: 1010, values: [1000, 400, 1010] })
  expect(after).toMatchObject({ median: 710, min: 700, max: 2000 })
  expect(verdict).toBe('noise')
})

test('other limits are other verdicts', () => {
  const limits = { ...DEFAULT_LIMITS, throughput: { relative: 0.5, floor: 0 } }
  const runs = { before: [runWith({ throughput: 1000 })], after: [runWith({ throughput: 600 })] }
  expect(compareRuns(runs, limits).verdict).toBe('no-regression')
  expect(compareRuns(runs).verdict).toBe('regression')
})

test('merges the histograms of a side exactly', () => {
  const { before } = compareRuns({ before: [runWith({}), runWith({})], after: [runWith({})] })
  expect(before.histograms.response_time).toMatchObject({ count: 10_000, sum_ms: 10_000 })
  const merged = before.histograms.response_time
  expect(merged && quantileMs(merged, 0.5)).toBe(1)
})

test('compares a file of the older generator with one of ours by what both have', () => {
  const before = viewOf('old.json', oldestRun())
  if (before === undefined) throw new Error('not read')
  const comparison = compareRuns({ before: [before], after: [runWith({ throughput: 100 })] })
  expect(rowOf(comparison, 'throughput').verdict).toBe('regression')
  expect(rowOf(comparison, 'p(95)')).toMatchObject({
    verdict: 'unknown',
    change: null,
    before: { median: null },
  })
  expect(rowOf(comparison, 'avg').before.median).toBe(152.34)
  const words = comparison.cautions.map(({ sentence }) => sentence)
  expect(words).toContain('the backend of A is unknown')
  expect(words).toContain('the machine of A is unknown')
})

test('compares two files of the older generator', () => {
  const [before, after] = [olderRun(), olderRun()].map((run, index) => viewOf(`${index}.json`, run))
  if (before === undefined || after === undefined) throw new Error('not read')
  const comparison = compareRuns({ before: [before], after: [after] })
  expect(comparison.verdict).toBe('no-regression')
  expect(comparison.cautions).toEqual([])
  expect(rowOf(comparison, 'p(95)').after.median).toBe(11)
})

test.for([
  ['backend', { backend: { name: 'docker', why: '' } }, 'different backend: embedded vs. docker'],
  ['machine', { machine: { ...burstResult().machine, cores: 64 } }, 'different machine: cores: 2 vs. 64'],
  [
    'workload',
    { concurrent_workers: 9, workload: { ...burstResult().workload, workers: 9 } },
    'different workload: workers: 50 vs. 9',
  ],
  ['scenario', { scenario: 'heavy' }, 'different scenario: burst vs. heavy'],
  ['run', { status: 'partial' as const }, 'run.json ended early'],
] as const)('says first that the %s differs', ([about, changes, sentence]) => {
  const { cautions } = compareRuns({ before: [runWith({})], after: [runWith({}, changes)] })
  expect(cautions).toContainEqual({ about, sentence })
})

test('refuses to put an SMTP run beside one of a mail proxy', () => {
  const pressure = { ...runWith({}), format: 'mailstorm-pressure/1' as const, file: 'pressure.json' }
  expect(() => compareRuns({ before: [runWith({})], after: [pressure] })).toThrow(
    /pressure\.json is a run against a mail proxy/,
  )
})

test('refuses sides that have no figure that decides in common', () => {
  const empty = viewOf('x.json', { test_type: 'burst', metrics: {} })
  if (empty === undefined) throw new Error('not read')
  expect(() => compareRuns({ before: [empty], after: [runWith({})] })).toThrow(/no deciding figure/)
})
