import { expect, test } from 'vitest'
import { resolveCustomMetrics, resolveSpec } from './spec.ts'

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

const thresholdsFor = (...thresholds: string[]) =>
  resolveSpec({ executor: 'shared-iterations', messages: 1, workers: 1, size: 'small', thresholds })
    .thresholds
const expressionsOf = (thresholds: ReturnType<typeof thresholdsFor>, unasked: boolean) =>
  thresholds.filter((one) => (one.unasked === true) === unasked).map(({ expression }) => expression)

test('parses its own thresholds, then adds those of every run that it does not have itself', () => {
  const thresholds = thresholdsFor('p(99) < 500', 'lost == 0')
  expect(expressionsOf(thresholds, false)).toEqual(['p(99)<500', 'lost==0'])
  expect(expressionsOf(thresholds, true)).toEqual(['success_rate>0.95', 'duplicated==0', 'corrupted==0'])
  expect(thresholds[0]).toMatchObject({ metric: 'p(99)', comparison: '<', limit: 500 })
  expect(expressionsOf(thresholdsFor('error_rate<0.2'), true)).toEqual([
    'lost==0',
    'duplicated==0',
    'corrupted==0',
  ])
  expect(expressionsOf(thresholdsFor('success_rate>0', 'lost<=2'), true)).toEqual([
    'duplicated==0',
    'corrupted==0',
  ])
})

test('refuses a threshold that makes no sense', () => {
  expect(() => thresholdsFor('p(99)<')).toThrow('Failed to read the threshold "p(99)<"')
  expect(() => thresholdsFor('regression<10%')).toThrow('names no baseline')
})

test('keeps the names of its durations, in milliseconds', () => {
  const spec = {
    executor: 'shared-iterations',
    messages: 1,
    workers: 1,
    size: 'small',
    thresholds: [],
  } as const
  const workload = resolveSpec({
    ...spec,
    replyTimeoutSeconds: 2,
    drainSeconds: 3,
    maxDurationSeconds: 4,
    verifyTimeoutSeconds: 5,
  })
  const durations = Object.entries(workload).filter(([name]) => /timeout|drain|duration/i.test(name))
  expect(Object.fromEntries(durations)).toEqual({
    replyTimeoutMs: 2_000,
    drainMs: 3_000,
    maxDurationMs: 4_000,
    verifyTimeoutMs: 5_000,
  })
})
