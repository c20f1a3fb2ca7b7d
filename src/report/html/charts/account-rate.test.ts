import { expect, test } from 'vitest'
import { pressureResult } from '../pressure.fixture.ts'
import { accountRates } from './pressure.ts'

const [row] = pressureResult().timeline
if (row === undefined) throw new Error('the fixture has no timeline')
const second = (sent: Record<string, number> | null) => ({
  ...row,
  sent: sent === null ? null : Object.values(sent).reduce((sum, count) => sum + count, 0),
  sent_by_account: sent ?? {},
})

test('counts of the last ten seconds as messages per minute; the first window is as long as the run', () => {
  const timeline = [10, 20, ...Array.from({ length: 10 }, () => 5)].map((sent) => second({ a: sent }))
  const [rate] = accountRates(timeline)
  expect(rate?.label).toBe('a')
  expect(rate?.values.slice(0, 3)).toEqual([600, 900, 700])
  expect(rate?.values.at(-1)).toBe(300)
})

test('a second that was not read is a gap, and counts as no time', () => {
  const [rate] = accountRates([second({ a: 4 }), second(null), second({ a: 4 })])
  expect(rate?.values).toEqual([240, null, 240])
})

test('an account that is not named in a second has sent nothing in it', () => {
  const rates = accountRates([second({ a: 1, b: 1 }), second({ a: 3 })])
  expect(rates.map(({ label, values }) => [label, values])).toEqual([
    ['a', [60, 120]],
    ['b', [60, 30]],
  ])
})

test('of many accounts the busiest have lines of their own, the others one together', () => {
  const names = Array.from({ length: 12 }, (_, index) => `account-${index + 1}`)
  const rates = accountRates([second(Object.fromEntries(names.map((name, index) => [name, index + 1])))])
  expect(rates.map(({ label }) => label)).toEqual([...names.toReversed().slice(0, 7), '5 others'])
  expect(rates.at(-1)?.values).toEqual([60 * (1 + 2 + 3 + 4 + 5)])
})
