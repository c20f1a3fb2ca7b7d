import { expect, test } from 'vitest'
import { PRESSURE_FIGURES } from './pressure.ts'
import { parseThresholdOn } from './threshold.ts'

test.each([
  ['success_rate>=0.99', 'success_rate', 0.99],
  ['p(95)<2s', 'p(95)', 2_000],
  ['report_lag.p(99.5)<900', 'report_lag.p(99.5)', 900],
  ['sync_response.max<1000', 'sync_response.max', 1_000],
  ['messages_per_second>10', 'throughput', 10],
  ['fairness<3.5', 'fairness', 3.5],
  ['test_memory_mb<1024', 'test_memory_mb', 1_024],
])('reads %s', (text, metric, limit) => {
  expect(parseThresholdOn(text, PRESSURE_FIGURES)).toMatchObject({ metric, limit })
})

test.each([
  ['losst==0', 'there is no metric "losst". Did you mean lost?'],
  ['connect.p(95)<5', 'there is no metric "connect.p(95)".'],
  ['p(101)<5', 'a percentile is between 0 and 100, not 101.'],
  ['sync_response.p(42)<5', 'only p(50), p(90), p(95), p(99), p(99.9)'],
  ['cache_hit_rate>=90', 'It is a share between 0 and 1: cache_hit_rate>=0.9'],
  ['lost>=0', 'it can never fail.'],
  ['cache_hit_rate<=1', 'it can never fail.'],
  ['duplicated==0.5', 'is not a whole number'],
])('refuses %s and says why', (text, why) => {
  expect(() => parseThresholdOn(text, PRESSURE_FIGURES)).toThrow(why)
})
