import { expect, test } from 'vitest'
import { burstResult } from '../report/result.fixture.ts'
import { thresholdSentence } from '../report/verdict.ts'
import { type BaselineFigures, isComparable, worsening } from './regression.ts'
import { judge, parseThreshold } from './threshold.ts'

const BASELINE: BaselineFigures = { name: 'ci', throughput: 1000, success_rate: 1, p95_ms: 100 }

function metricsWith(throughput: number, success: number, p95: number) {
  const { metrics } = burstResult()
  return {
    ...metrics,
    throughput,
    success_rate: success,
    response_time_ms: { ...metrics.response_time_ms, p95 },
  }
}

test.for([
  ['as good', 1000, 1, 100, 0, undefined],
  ['better in all', 2000, 1, 10, 0, undefined],
  ['slower by a fifth', 800, 1, 100, 0.2, 'throughput'],
  ['less reliable', 1000, 0.7, 100, 0.3, 'success rate'],
  ['a p95 that doubled', 1000, 1, 200, 1, 'p95'],
  ['a p95 that rose by less than its floor', 1000, 1, 150, 0, undefined],
  ['the worst of all three', 900, 0.95, 180, 0.8, 'p95'],
] as const)('%s', ([, throughput, success, p95, share, what]) => {
  const worse = worsening(BASELINE, metricsWith(throughput, success, p95))
  expect(worse.share).toBeCloseTo(share)
  expect(worse.what).toBe(what)
})

test.for([
  ['0 to 5,000 ms is a hundred times the floor', 0, 5000, 100, 'p95'],
  ['0 to less than the floor is none', 0, 50, 0, undefined],
] as const)('a p95 from %s', ([, before, after, share, what]) => {
  const worse = worsening({ ...BASELINE, p95_ms: before }, metricsWith(1000, 1, after))
  expect(worse).toEqual(what === undefined ? { share } : { share, what })
})

test('a figure missing from the baseline is not worse', () => {
  const silent = { name: 'ci', throughput: null, success_rate: null, p95_ms: null }
  expect(worsening(silent, metricsWith(1, 0.1, 9999)).share).toBe(0)
})

function judged(baseline: BaselineFigures | undefined, throughput: number) {
  const { histograms, ledger } = burstResult()
  const run = { metrics: metricsWith(throughput, 1, 100), histograms, ledger }
  return judge(parseThreshold('regression<10%'), baseline === undefined ? run : { ...run, baseline })
}

test('regression<10% holds up to a tenth, and says what became worse', () => {
  expect(judged(BASELINE, 950)).toMatchObject({ verdict: 'pass', limit: 0.1, reason: 'throughput' })
  const failed = judged(BASELINE, 800)
  expect(failed).toMatchObject({ verdict: 'fail', reason: 'throughput' })
  expect(thresholdSentence(failed)).toBe('regression<10% — was 20.00 % (throughput)')
})

test('adds caveats about the baseline to the figure', () => {
  expect(judged({ ...BASELINE, note: 'baseline ci: another machine' }, 1000).reason).toBe(
    'baseline ci: another machine',
  )
  expect(judged({ ...BASELINE, note: 'baseline ci: another machine' }, 800).reason).toBe(
    'throughput; baseline ci: another machine',
  )
})

test.for([
  [undefined, 'the scenario names no baseline'],
  [
    { ...BASELINE, incomparable: 'baseline ci is of a different backend' },
    'baseline ci is of a different backend',
  ],
  [
    { name: 'ci', throughput: null, success_rate: null, p95_ms: null },
    'baseline ci has no figure of this run',
  ],
  [{ name: 'ci', throughput: 0, success_rate: 0, p95_ms: null }, 'baseline ci has no figure of this run'],
] as const)('has no data, and so does not pass, when it cannot be told: %o', ([baseline, reason]) => {
  expect(judged(baseline, 2000)).toMatchObject({ verdict: 'no-data', value: null, reason })
})

test('a limit may be a share too, and percent belong to no other figure', () => {
  expect(parseThreshold('regression<0.1').limit).toBe(0.1)
  expect(() => parseThreshold('throughput>10%')).toThrow(/cannot follow/)
})

const NO_FIGURES: BaselineFigures = { name: 'ci', throughput: null, success_rate: null, p95_ms: null }

test.for([
  ['a throughput alone', { throughput: 1000 }, true],
  ['a success rate alone', { success_rate: 1 }, true],
  ['a p95 alone, of a run that has one', { p95_ms: 100 }, true],
  ['a throughput of nothing, of which none can fall short', { throughput: 0 }, false],
  ['a throughput of nothing beside a success rate', { throughput: 0, success_rate: 1 }, true],
  ['nothing', {}, false],
] as const)('a baseline that has %s: comparable %o', ([, figures, comparable]) => {
  expect(isComparable({ ...NO_FIGURES, ...figures }, metricsWith(1, 1, 5))).toBe(comparable)
})

test('a run without a message is comparable with none, one without times not by its p95', () => {
  const run = metricsWith(1, 1, 5)
  expect(isComparable(BASELINE, { ...run, total_messages: 0 })).toBe(false)
  expect(isComparable(BASELINE, { ...run, total_messages: 1 })).toBe(true)
  const untimed = { ...run, response_time_ms: { ...run.response_time_ms, p95: null } }
  expect(isComparable({ ...NO_FIGURES, p95_ms: 100 }, untimed)).toBe(false)
  expect(isComparable({ ...NO_FIGURES, throughput: 9, p95_ms: 100 }, untimed)).toBe(true)
})
