import { expect, test } from 'vitest'
import { resolveCustomMetrics } from './spec.ts'

const hooks = new URL('file:///suites/hooks.ts')

test('a scenario without metrics of its own has no hooks either', () => {
  expect(resolveCustomMetrics({})).toEqual({})
})

test('metrics and their hooks go to the threads as plain data', () => {
  expect(resolveCustomMetrics({ metrics: { retries: 'counter' }, hooks })).toEqual({
    metrics: { retries: 'counter' },
    hooks: 'file:///suites/hooks.ts',
  })
})

test.for([
  [{ metrics: { retries: 'counter', slow: 'rate' } }, 'nothing records its metrics retries, slow.'],
  [{ hooks }, 'it has hooks (file:///suites/hooks.ts) but no metrics for them to record.'],
  [
    { metrics: { lost: 'counter' }, hooks },
    '"lost" is one of mailstorm\'s own metrics: choose another name.',
  ],
] as const)('refuses %o', ([spec, says]) => {
  expect(() => resolveCustomMetrics(spec)).toThrow(says)
})
