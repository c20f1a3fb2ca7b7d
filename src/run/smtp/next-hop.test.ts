import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { summarise } from '../../engine/histogram.ts'
import type { DeliveryRow } from '../../engine/result.ts'
import type { NextHop } from '../../verify/store.ts'
import { describeNextHop, HopSchedule } from './next-hop.ts'

const SPANS = [
  { part: 'steady', nextHop: 'takes', fromSeconds: 0, seconds: 2 },
  { part: 'away', nextHop: 'away', fromSeconds: 2, seconds: 3 },
  { part: 'back', nextHop: 'takes', fromSeconds: 5, seconds: 2 },
] as const

beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }))
afterEach(() => void vi.useRealTimers())

function hop(behave: (nextHop: NextHop) => Promise<number> = async () => Date.now(), perChange = 1) {
  const told: [number, NextHop][] = []
  const warnings: string[] = []
  const store = {
    name: 'the sink',
    async behave(nextHop: NextHop) {
      told.push([Date.now() - 1_000_000, nextHop])
      return { atEpochMs: await behave(nextHop), taken: told.length * perChange }
    },
  }
  const schedule = new HopSchedule(SPANS, store, {
    nowMs: () => Date.now(),
    warn: (text) => warnings.push(text),
  })
  return { schedule, told, warnings }
}

test('the next hop is told at the start of each part, counted from the start of the first load', async () => {
  const { schedule, told } = hop()
  schedule.begin(1_000_500)
  await vi.advanceTimersByTimeAsync(10_000)
  expect(told).toEqual([
    [500, 'takes'],
    [2_500, 'away'],
    [5_500, 'takes'],
  ])
  await schedule.end()
  expect(schedule.failure).toBeUndefined()
  expect(
    schedule.rows({ startedAtMs: 1_000_500, delivery: undefined, lastArrivedMs: [4_000, 9_000, 12_000] }),
  ).toMatchObject([
    {
      part: 'steady',
      next_hop: 'takes each message',
      from_seconds: 0,
      since_seconds: 0,
      deepest_queue: null,
    },
    { part: 'away', next_hop: 'is away', from_seconds: 2, seconds: 3, since_seconds: 2 },
    // What the other parts had left was there four seconds after it had come back.
    { part: 'back', since_seconds: 5, drain_seconds: 4 },
  ])
})

test('an interrupted run changes nothing any more', async () => {
  const { schedule, told } = hop()
  schedule.begin(1_000_000)
  await vi.advanceTimersByTimeAsync(1_000)
  await schedule.end()
  await vi.advanceTimersByTimeAsync(10_000)
  expect(told).toEqual([[0, 'takes']])
  expect(
    schedule.rows({ startedAtMs: 1_000_000, delivery: undefined, lastArrivedMs: [] })[1]?.since_seconds,
  ).toBeNull()
})

test('the first failure is kept, and the changes behind it are tried', async () => {
  const { schedule, told } = hop(async (nextHop) => {
    if (nextHop === 'away') throw new Error('no answer')
    return Date.now()
  })
  schedule.begin(1_000_000)
  await vi.advanceTimersByTimeAsync(10_000)
  await schedule.end()
  expect(schedule.failure).toBe('no answer')
  expect(told).toHaveLength(3)
})

test('a relay that has sent nothing by the end of the first part may send elsewhere', async () => {
  const [silent, busy] = [hop(undefined, 0), hop()]
  for (const { schedule } of [silent, busy]) schedule.begin(1_000_000)
  await vi.advanceTimersByTimeAsync(10_000)
  expect(busy.warnings).toEqual([])
  expect(silent.warnings).toEqual([
    'Nothing has come to the sink in the 2 s of steady: does the relay send there? Its queue and its log say where it sends.',
  ])
})

test('arrivals and queue of a part are of all mail while it lasted', () => {
  const second = (arrived: number, between: number, at: number): DeliveryRow => ({
    ...{ second: at, acknowledged: 0, arrived, in_between: between },
    end_to_end_ms: summarise({ buckets: [], count: 0, min_ms: 0, max_ms: 0, sum_ms: 0 }),
  })
  const timeline = [second(10, 1, 0), second(12, 3, 1), second(0, 30, 2), second(3, 60, 3)]
  const delivery = { timeline } as unknown as Parameters<HopSchedule['rows']>[0]['delivery']
  expect(hop().schedule.rows({ startedAtMs: 0, delivery, lastArrivedMs: [] })).toMatchObject([
    { delivered_per_second: 11, deepest_queue: 3 },
    { delivered_per_second: 1, deepest_queue: 60 },
    // Behind the last arrival: what has not come by then never comes.
    { delivered_per_second: 0, deepest_queue: 60 },
  ])
})

test('says what it does', () => {
  expect(
    ['takes', 'away', { slowMs: 500 }, { refusesWith: 451 }].map((one) => describeNextHop(one as NextHop)),
  ).toEqual([
    'takes each message',
    'is away',
    'takes 500 ms to each message',
    'puts off each recipient with 451',
  ])
})
