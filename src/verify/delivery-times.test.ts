import { expect, test } from 'vitest'
import { DeliveryTimes } from './delivery-times.ts'

test('a queue that grows and drains: acknowledged, arrived and in between, second by second', () => {
  const times = new DeliveryTimes(2, 0)
  // Ten messages are acknowledged in the first second; two arrive in each second from the second one on.
  const acknowledgedMs = Array.from({ length: 10 }, (_, n) => n * 100)
  for (const [n, ms] of acknowledgedMs.entries())
    times.add({ target: n % 2, acknowledgedMs: ms, arrivedMs: 1_000 + Math.floor(n / 2) * 1000 })
  const rows = times.timeline((tell) => {
    for (const ms of acknowledgedMs) tell(ms, 1)
  })
  expect(rows.map(({ acknowledged, arrived, in_between }) => [acknowledged, arrived, in_between])).toEqual([
    [10, 0, 10],
    [0, 2, 8],
    [0, 2, 6],
    [0, 2, 4],
    [0, 2, 2],
    [0, 2, 0],
  ])
  expect(rows[1]?.end_to_end_ms).toMatchObject({ count: 2, min: 900, max: 1_000 })
  expect(rows[5]?.end_to_end_ms.max).toBe(4_200)
  expect(times.histogram.count).toBe(10)
  expect(times.ofTargets.map(({ count }) => count)).toEqual([5, 5])
  expect([times.lastAcknowledgedMs, times.lastArrivedMs]).toEqual([900, 5_000])
})

test('what arrives before it is acknowledged took no time, and is never minus one in between', () => {
  const times = new DeliveryTimes(1, 1)
  times.add({ target: 0, acknowledgedMs: 1_001, arrivedMs: 999 })
  const rows = times.timeline((tell) => tell(1_001, 1))
  expect(times.histogram.max_ms).toBe(0)
  expect(rows.map(({ in_between }) => in_between)).toEqual([0, 0])
})

test('a run of many hours has rows of several seconds', () => {
  const times = new DeliveryTimes(1, 10)
  times.add({ target: 0, acknowledgedMs: 0, arrivedMs: 7_199_500 })
  const rows = times.timeline((tell) => tell(0, 1))
  expect(rows).toHaveLength(3_600)
  expect(rows.at(-1)).toMatchObject({ second: 7_198, seconds: 2, arrived: 1, in_between: 0 })
})
