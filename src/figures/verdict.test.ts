import { expect, test } from 'vitest'
import type { Verdict } from '../engine/result.ts'
import {
  endOf,
  isMissed,
  type Judged,
  LEAST_SUCCESS,
  nameSuccess,
  parseThreshold,
  skipUnasked,
  verdictOf,
} from './threshold.ts'

const on = (metric: string, verdict: Verdict = 'pass') => ({ metric, verdict })
const run = (changes: Partial<Judged> = {}): Judged => ({
  status: 'complete',
  thresholds: [],
  successRate: 1,
  ...changes,
})

test.each([
  ['everything was accepted', run(), 'PASSED'],
  ['more than 95 % were accepted', run({ successRate: 0.9501 }), 'WARNING'],
  ['95 % were accepted', run({ successRate: 0.95 }), 'FAILED'],
  ['nothing was accepted, but quickly', run({ successRate: 0, thresholds: [on('p(99)')] }), 'FAILED'],
  [
    'a threshold of its own says that half is enough',
    run({ successRate: 0.5, thresholds: [on('success_rate')] }),
    'WARNING',
  ],
  ['the same as an error rate', run({ successRate: 0.5, thresholds: [on('error_rate')] }), 'WARNING'],
  ['a threshold was missed', run({ thresholds: [on('p(99)', 'fail')] }), 'FAILED'],
  ['a threshold had no data', run({ thresholds: [on('auth.p(99)', 'no-data')] }), 'FAILED'],
  ['a threshold was skipped', run({ thresholds: [on('lost', 'skipped')] }), 'PASSED'],
  ['it was ended early', run({ status: 'partial' }), 'FAILED'],
  ['what was delivered could not be checked', run({ verified: false }), 'FAILED'],
] as const)('a run in which %s', (_, judged, verdict) => {
  expect(verdictOf(judged)).toBe(verdict)
})

test('a threshold without data is missed, one that was skipped is not', () => {
  expect((['pass', 'fail', 'no-data', 'skipped'] as const).map((verdict) => isMissed({ verdict }))).toEqual([
    false,
    true,
    true,
    false,
  ])
})

test('the threshold that every run has names success itself', () => {
  expect(LEAST_SUCCESS).toBe('success_rate>0.95')
  expect([nameSuccess([on('success_rate')]), nameSuccess([on('p(99)'), on('accepted')])]).toEqual([
    true,
    false,
  ])
})

test('without data a threshold is skipped only when nobody asked for it', () => {
  const lost = parseThreshold('lost==0')
  const judged = { ...lost, verdict: 'no-data' as const, value: null }
  expect(skipUnasked(judged, lost).verdict).toBe('no-data')
  expect(skipUnasked(judged, { ...lost, unasked: true }).verdict).toBe('skipped')
  expect(skipUnasked({ ...judged, verdict: 'fail' }, { ...lost, unasked: true }).verdict).toBe('fail')
})

test('a run that has a reason for not being complete is partial, and failed', () => {
  const judged = { thresholds: [on('p(99)')], successRate: 1 }
  expect(endOf(null, judged)).toEqual({ status: 'complete', partial_reason: null, verdict: 'PASSED' })
  expect(endOf('interrupted', judged)).toEqual({
    status: 'partial',
    partial_reason: 'interrupted',
    verdict: 'FAILED',
  })
})
