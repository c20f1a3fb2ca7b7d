import { describe, expect, it } from 'vitest'
import { CustomMetrics, customResults } from '../engine/custom-metrics.ts'
import { thresholdSentence } from '../report/verdict.ts'
import { checkMetricKinds, customFigures } from './custom.ts'
import type { Measured } from './smtp.ts'
import { measuredRun } from './threshold.fixture.ts'
import { judge, parseThreshold, parseThresholdOn } from './threshold.ts'

const KINDS = {
  retries: 'counter',
  depth: 'gauge',
  slow: 'rate',
  handshake_ms: 'trend',
  hops: 'trend',
} as const

/** 12 retries in 4 s; depth −3, then 8; 1 slow of 20; handshakes of 1…100 ms; 2 and 3 hops. */
function runWithMetrics(): Measured {
  const metrics = new CustomMetrics(KINDS, () => 0)
  metrics.add('retries', 12)
  for (const depth of [-3, 8]) metrics.add('depth', depth)
  for (let n = 0; n < 20; n++) metrics.add('slow', n === 0)
  for (let ms = 1; ms <= 100; ms++) metrics.add('handshake_ms', ms)
  for (const hops of [2, 3]) metrics.add('hops', hops)
  return { ...measuredRun, custom_metrics: customResults(metrics.snapshot(), 4) }
}

describe('thresholds on custom metrics', () => {
  it.for([
    ['retries<100', 'pass', 'retries<100 — was 12'],
    ['retries==12', 'pass', 'retries==12 — was 12'],
    ['retries.rate<=2.5', 'fail', 'retries.rate<=2.5 — was 3.00/s'],
    ['depth<8', 'fail', 'depth<8 — was 8'],
    ['depth.min>=-3', 'pass', 'depth.min>=-3 — was -3'],
    ['depth.max<10', 'pass', 'depth.max<10 — was 8'],
    ['slow<=0.05', 'pass', 'slow<=0.05 — was 5.00 %'],
    ['slow<0.05', 'fail', 'slow<0.05 — was 5.00 %'],
    ['handshake_ms.p(95)<20', 'fail', 'handshake_ms.p(95)<20 — was 95.04 ms'],
    ['handshake_ms.p(99.9)<=0.1s', 'pass', 'handshake_ms.p(99.9)<=0.1s — was 100.00 ms'],
    ['handshake_ms.avg<51', 'pass', 'handshake_ms.avg<51 — was 50.50 ms'],
    ['handshake_ms.med<51', 'pass', 'handshake_ms.med<51 — was 50.02 ms'],
    ['hops.max<3', 'fail', 'hops.max<3 — was 3'],
  ] as const)('%s: %s', ([expression, verdict, sentence]) => {
    const judged = judge(parseThreshold(expression, KINDS), runWithMetrics())
    expect(judged.verdict).toBe(verdict)
    expect(thresholdSentence(judged)).toBe(sentence)
  })

  it('fails without data, and says that no hook recorded any', () => {
    const run = {
      ...measuredRun,
      custom_metrics: customResults(new CustomMetrics(KINDS, () => 0).snapshot(), 4),
    }
    for (const expression of ['depth<8', 'slow<0.05', 'handshake_ms.p(95)<20', 'handshake_ms.avg<20']) {
      const judged = judge(parseThreshold(expression, KINDS), run)
      expect(thresholdSentence(judged)).toMatch(/ — no data: no hook recorded (depth|slow|handshake_ms)$/)
      expect(judged.verdict).toBe('no-data')
    }
  })

  it.for([
    [
      'handshake_ms<20',
      'handshake_ms is a trend: it has handshake_ms.p(N), handshake_ms.avg, handshake_ms.min',
    ],
    ['retries.p(95)<20', 'retries is a counter: it has retries, retries.rate.'],
    ['slow.max<1', 'slow is a rate: it has slow.'],
    ['handshake_ms.p(101)<20', 'a percentile is between 0 and 100, not 101.'],
    ['retrys<20', 'there is no metric "retrys". Did you mean retries?'],
    [
      'nothing_like_it<20',
      "\n    the scenario's own: retries, retries.rate, depth, depth.min, depth.max, slow,",
    ],
    ['slow<5', 'It is a share between 0 and 1: slow<0.05'],
    ['slow<=1', 'it can never fail.'],
    ['retries>=0', 'it can never fail.'],
    ['hops.max<3ms', '"ms" cannot follow the limit of hops.max; its unit is not known: give a plain number'],
  ] as const)('refuses %s', ([expression, says]) => {
    expect(() => parseThreshold(expression, KINDS)).toThrow(says)
  })

  it('lists a scenario’s own metrics alone where there are no others', () => {
    const parsing = () => parseThresholdOn('bananas<3', customFigures({ retries: 'counter' }))
    expect(parsing).toThrow(/Known:\n {4}the scenario's own: retries, retries.rate$/)
  })

  it('does not know them in a scenario that does not have them', () => {
    expect(() => parseThreshold('retries<100')).toThrow('there is no metric "retries"')
  })
})

it('names of metrics that thresholds could not tell apart are an error of the scenario', () => {
  expect(() => checkMetricKinds({ lost: 'counter' })).toThrow(expect.objectContaining({ code: 'BAD_METRIC' }))
})
