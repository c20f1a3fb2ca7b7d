import { expect, test } from 'vitest'
import { type NumberFlag, numberFlag } from './output.ts'

const PERCENT = { flag: '--success-limit', max: 100, unit: '%' } as const
const LINES = { flag: '--lines', min: 1, max: 1000, whole: true } as const

test.for<[string, Omit<NumberFlag, 'given'>, number]>([
  ['10', PERCENT, 10],
  ['12.5 %', PERCENT, 12.5],
  ['100%', PERCENT, 100],
  ['0', PERCENT, 0],
  ['50ms', { flag: '--p95-floor', max: 1e6, unit: 'ms' }, 50],
  ['1000', LINES, 1000],
])('%s is a number', ([given, flag, value]) => {
  expect(numberFlag({ ...flag, given })).toBe(value)
})

test.for<[string, Omit<NumberFlag, 'given'>, string]>([
  ['200', PERCENT, 'Failed to read --success-limit 200: it is a number from 0 to 100 percent.'],
  ['-1', PERCENT, 'from 0 to 100 percent'],
  ['ten', PERCENT, 'from 0 to 100 percent'],
  ['', PERCENT, 'from 0 to 100 percent'],
  ['10ms', PERCENT, 'from 0 to 100 percent'],
  ['0x10', PERCENT, 'from 0 to 100 percent'],
  ['1e1', PERCENT, 'from 0 to 100 percent'],
  ['Infinity', { ...PERCENT, max: Number.POSITIVE_INFINITY }, '--success-limit Infinity'],
  ['NaN', PERCENT, 'from 0 to 100 percent'],
  ['0', LINES, 'Failed to read --lines 0: it is a whole number from 1 to 1,000.'],
  ['1.5', LINES, 'a whole number from 1 to 1,000'],
  ['1001', LINES, 'a whole number from 1 to 1,000'],
])('%s is refused, with what is allowed', ([given, flag, message]) => {
  expect(() => numberFlag({ ...flag, given })).toThrow(message)
})
