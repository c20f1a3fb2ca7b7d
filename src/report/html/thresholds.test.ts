import { expect, test } from 'vitest'
import type { ThresholdResult } from '../../engine/result.ts'
import { marginOf, thresholdsBlock } from '../documents/common.ts'

const threshold = (expression: string, value: number | null, limit: number): ThresholdResult => ({
  expression,
  metric: expression.replace(/[<>=].*/, ''),
  value,
  limit,
  verdict: 'pass',
})

test.for([
  { expression: 'p(99)<1000', value: 750, limit: 1000, margin: '+25 %' },
  { expression: 'p(99)<=1000', value: 1100, limit: 1000, margin: '−10 %' },
  { expression: 'success_rate>=0.99', value: 1, limit: 0.99, margin: '+1.00 pp' },
  { expression: 'success_rate>0.99', value: 0.976, limit: 0.99, margin: '−1.40 pp' },
  { expression: 'error_rate<=0', value: 0.02, limit: 0, margin: '−2.00 pp' },
  { expression: 'p(99)<1000', value: 1000, limit: 1000, margin: '0 %' },
  { expression: 'lost==0', value: 2, limit: 0, margin: '–' },
  { expression: 'sent==5', value: 5, limit: 5, margin: '–' },
  { expression: 'p(99)<1000', value: null, limit: 1000, margin: '–' },
])('$expression with $value has a margin of $margin', ({ expression, value, limit, margin }) => {
  expect(marginOf(threshold(expression, value, limit))).toBe(margin)
})

test('a run without thresholds has no table of them', () => {
  expect(thresholdsBlock([]).parts).toEqual([])
})
