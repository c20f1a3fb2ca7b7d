import { expect, test } from 'vitest'
import { DeliveryTimes } from '../verify/delivery-times.ts'
import type { DeliveredTimes } from '../verify/verification.ts'
import { joinDeliveries } from './joint-delivery.ts'

/** Times of acknowledgement and, of those that arrived, of arrival, in milliseconds after the start of the load. */
function load(...messages: (readonly [acknowledgedMs: number, arrivedMs?: number])[]): DeliveredTimes {
  const times = new DeliveryTimes(1, messages.length)
  for (const [acknowledgedMs, arrivedMs] of messages)
    if (arrivedMs !== undefined) times.add({ target: 0, acknowledgedMs, arrivedMs })
  const timeline = times.timeline((tell) => {
    for (const [acknowledgedMs] of messages) tell(acknowledgedMs, 1)
  })
  const { lastAcknowledgedMs, lastArrivedMs, histogram: endToEnd } = times
  return { timeResolutionMs: 0.001, lastAcknowledgedMs, lastArrivedMs, timeline, endToEnd }
}

test('what a load left in the queue is still in it when the next one begins', () => {
  const { delivery, endToEnd } = joinDeliveries([
    { times: load([100, 200], [900, 5_500]), startAfterSeconds: 0 },
    { times: load([100, 3_100], [200, 300]), startAfterSeconds: 2 },
  ])
  expect(delivery?.timeline.map((row) => [row.acknowledged, row.arrived, row.in_between])).toEqual([
    [2, 1, 1],
    [0, 0, 1],
    [2, 1, 2],
    [0, 0, 2],
    [0, 0, 2],
    [0, 2, 0],
  ])
  expect(delivery).toMatchObject({ most_in_between: 2, drain_seconds: 3.3, end_to_end_ms: { count: 4 } })
  expect(delivery?.delivered_per_second).toBeCloseTo(4 / 5.5)
  expect(endToEnd?.count).toBe(4)
})

test('a load of which nothing arrived stays in the queue to the end', () => {
  const { delivery } = joinDeliveries([
    { times: load([100, 200]), startAfterSeconds: 0 },
    { times: load([100], [200]), startAfterSeconds: 1 },
  ])
  expect(delivery?.timeline.map((row) => row.in_between)).toEqual([0, 2])
  expect(delivery).toMatchObject({ most_in_between: 2, drain_seconds: 0 })
})

test('there is nothing where a load has no times, or nothing arrived at all', () => {
  expect(joinDeliveries([{ times: undefined, startAfterSeconds: 0 }])).toEqual({})
  expect(
    joinDeliveries([
      { times: load([100, 200]), startAfterSeconds: 0 },
      { times: undefined, startAfterSeconds: 1 },
    ]),
  ).toEqual({})
  expect(joinDeliveries([{ times: load([100]), startAfterSeconds: 0 }])).toEqual({})
})
