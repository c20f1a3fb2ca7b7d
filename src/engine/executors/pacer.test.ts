import { describe, expect, it } from 'vitest'
import type { Pacer } from './executor.ts'
import { createPacer, dealtCount, type Schedule } from './registry.ts'

const arrivals = (ratePerSecond: number, durationSeconds: number) =>
  createPacer({ executor: 'constant-arrival-rate', ratePerSecond, durationSeconds })

describe('constant-arrival-rate', () => {
  it.each([
    // rate/s, seconds, total, due of message 1 in ms
    [1, 1, 1, 1_000, 'one message, due at the start'],
    [50, 60, 3_000, 20, 'the sustained scenario'],
    [100, 20, 2_000, 10, 'the stall test'],
    [3, 1, 3, 1_000 / 3, 'a rate that does not divide a second'],
    [0.5, 10, 5, 2_000, 'less than one a second'],
    [0.1, 30, 3, 10_000, 'a product that is above 3 in floating point'],
    [10, 0.05, 1, 100, 'a window shorter than the interval'],
    [3, 0.5, 2, 1_000 / 3, 'a window that ends between two messages'],
    [100_000, 1, 100_000, 0.01, 'more than one a millisecond'],
  ])('at %d/s for %d s plans %d messages, %d ms apart: %s', (rate, seconds, total, apartMs) => {
    const pacer = arrivals(rate, seconds)
    expect(pacer.total).toBe(total)
    expect(pacer.dueMs(0)).toBe(0)
    expect(pacer.dueMs(1)).toBeCloseTo(apartMs, 9)
    expect(pacer.dueMs(total - 1)).toBeLessThan(seconds * 1_000)
    expect(pacer).toMatchObject({ model: 'open', windowMs: seconds * 1_000 })
  })

  it.each([
    // at 10/s for 1 s
    [-1, 0, 'before the start'],
    [-5_000, 0, 'long before the start'],
    [0, 1, 'at the start'],
    [99.9, 1, 'just before the second'],
    [100, 2, 'when the second is due'],
    [950, 10, 'after the last'],
    [60_000, 10, 'long after the window'],
  ])('at %d ms has made %d of 10 messages due: %s', (elapsedMs, due) => {
    expect(arrivals(10, 1).dueBy(elapsedMs)).toBe(due)
  })

  it('does not drift: message a million is due at its exact time', () => {
    expect(arrivals(3, 1e6).dueMs(999_999)).toBe(333_333_000)
  })

  it('agrees with itself: by the time message n is due, n + 1 messages are', () => {
    for (const rate of [0.3, 1, 3, 7, 50, 333, 5_000]) {
      const pacer = arrivals(rate, 100)
      for (let n = 0; n < pacer.total; n += 17) expect(pacer.dueBy(pacer.dueMs(n))).toBe(n + 1)
    }
  })

  it.each([
    [0, 10, 'no rate'],
    [10, 0, 'no time'],
  ])('plans nothing at %d/s for %d s: %s', (rate, seconds) => {
    expect(arrivals(rate, seconds).total).toBe(0)
  })
})

describe('shared-iterations', () => {
  const pacerOf = () => createPacer({ executor: 'shared-iterations', messages: 5_000 })

  it('makes every message due at once, in no window', () => {
    expect(pacerOf()).toMatchObject({ model: 'closed', total: 5_000, windowMs: undefined })
    expect([0, 1, 4_999].map((n) => pacerOf().dueMs(n))).toEqual([0, 0, 0])
  })

  it.each([
    [-1, 0],
    [0, 5_000],
    [1e9, 5_000],
  ])('at %d ms has made %d messages due', (elapsedMs, due) => {
    expect(pacerOf().dueBy(elapsedMs)).toBe(due)
  })
})

const stage = (durationSeconds: number, target: number) => ({ durationSeconds, target })
const ramping = (startRatePerSecond: number, ...stages: ReturnType<typeof stage>[]) =>
  createPacer({ executor: 'ramping-arrival-rate', startRatePerSecond, stages })

describe('ramping-arrival-rate', () => {
  it.each([
    // 0 → 100/s in 10 s: n = 5·t²  (t in s), so t = √(n/5)
    [
      ramping(0, stage(10, 100)),
      500,
      [0, 447.213595, 1_000, 10_000 * Math.sqrt(499 / 500)],
      'up from nothing',
    ],
    // 100 → 0/s in 10 s: n = 100·t − 5·t²,  t = 10 − √(100 − n/5)
    [ramping(100, stage(10, 0)), 500, [0, 10.005005, 50.125629, 10_000 - 1_000 * Math.sqrt(0.2)], 'down'],
    // 10 → 30/s in 10 s: n = 10·t + t²,  t = −5 + √(25 + n)
    [ramping(10, stage(10, 30)), 200, [0, 99.019514, 477.225575, 1_000 * (Math.sqrt(224) - 5)], 'up'],
    [ramping(10, stage(10, 10)), 100, [0, 100, 500, 9_900], 'level, as a constant rate'],
  ])('solves the area under its curve for the time: row %#', (pacer, total, due) => {
    expect(pacer).toMatchObject({ model: 'open', total, windowMs: 10_000 })
    expect([0, 1, 5, total - 1].map((n) => pacer.dueMs(n))).toEqual(due.map((ms) => expect.closeTo(ms, 6)))
  })

  it('steps where stages of no time jump: 10, 25 and 50 a second for 30 s each', () => {
    const pacer = ramping(10, stage(30, 10), stage(0, 25), stage(30, 25), stage(0, 50), stage(30, 50))
    expect(pacer).toMatchObject({ total: 2_550, windowMs: 90_000 })
    expect([0, 299, 300, 301, 1_049, 1_050, 1_051, 2_549].map((n) => pacer.dueMs(n))).toEqual([
      0, 29_900, 30_000, 30_040, 59_960, 60_000, 60_020, 89_980,
    ])
    expect([29_999, 30_000, 59_999, 60_000, 99_999].map((ms) => pacer.dueBy(ms))).toEqual([
      300, 301, 1_050, 1_051, 2_550,
    ])
  })

  it('makes nothing due while the rate is 0', () => {
    const pacer = ramping(0, stage(5, 0), stage(0, 10), stage(1, 10), stage(0, 0), stage(5, 0))
    expect(pacer.total).toBe(10)
    expect([0, 9].map((n) => pacer.dueMs(n))).toEqual([5_000, 5_900])
    expect([0, 4_999, 5_000, 5_900, 11_000].map((ms) => pacer.dueBy(ms))).toEqual([0, 0, 1, 10, 10])
  })

  it.each([
    [ramping(5), 'no stages'],
    [ramping(0, stage(10, 0)), 'no rate'],
    [ramping(5, stage(0, 100)), 'no time'],
  ])('plans nothing: row %#, %s', (pacer) => {
    expect(pacer.total).toBe(0)
    expect(pacer.dueBy(1e6)).toBe(0)
  })
})

it.each([
  ['ramping-arrival-rate', ramping(3, stage(7, 40), stage(5, 0), stage(3, 11))],
  ['constant-arrival-rate', arrivals(7, 20)],
])('%s agrees with itself: by the time message n is due, n + 1 messages are', (_, pacer) => {
  for (let n = 0; n < pacer.total; n++) {
    expect(pacer.dueBy(pacer.dueMs(n))).toBe(n + 1)
    if (n > 0) expect(pacer.dueMs(n)).toBeGreaterThan(pacer.dueMs(n - 1))
  }
})

describe('executors of workers', () => {
  const turns = (pacer: Pacer, worker: number, taken: number, times: readonly number[]) =>
    times.map((ms) => pacer.turnMs(worker, taken, ms))

  it('per-worker-iterations: each worker may take its number of messages at any time', () => {
    const pacer = createPacer({ executor: 'per-worker-iterations', messagesPerWorker: 3, workers: 4 })
    expect(pacer).toMatchObject({ model: 'closed', total: 12, windowMs: undefined })
    expect([0, 2, 3].map((taken) => pacer.turnMs(1, taken, 777))).toEqual([777, 777, undefined])
  })

  it('constant-workers: each worker may take messages until the time is over', () => {
    const pacer = createPacer({ executor: 'constant-workers', durationSeconds: 2 })
    expect(pacer).toMatchObject({ model: 'closed', total: Number.POSITIVE_INFINITY, windowMs: 2_000 })
    expect(turns(pacer, 9, 1e6, [0, 1_999.9, 2_000])).toEqual([0, 1_999.9, undefined])
  })

  it('ramping-workers: worker w takes part while the rounded level is above w', () => {
    const stages = [stage(10, 2), stage(5, 2), stage(10, 0)]
    const pacer = createPacer({ executor: 'ramping-workers', startWorkers: 0, stages })
    expect(pacer).toMatchObject({ model: 'closed', windowMs: 25_000 })
    expect(turns(pacer, 0, 0, [0, 2_500, 20_000, 22_501])).toEqual([2_500, 2_500, 20_000, undefined])
    expect(turns(pacer, 1, 0, [0, 7_500, 17_499, 17_501])).toEqual([7_500, 7_500, 17_499, undefined])
    expect(turns(pacer, 2, 0, [0])).toEqual([undefined])
  })

  it('ramping-workers: the time that all workers spend is the area under the ramp', () => {
    const stages = [stage(20, 8), stage(0, 3), stage(10, 5)]
    const pacer = createPacer({ executor: 'ramping-workers', startWorkers: 0, stages })
    let activeMs = 0
    for (let ms = 5; ms < 30_000; ms += 10) {
      for (let worker = 0; worker < 8; worker++) if (pacer.turnMs(worker, 0, ms) === ms) activeMs += 10
    }
    expect(activeMs / 1000).toBeCloseTo(80 + 40, 0)
  })
})

describe('a load that generators share', () => {
  const whole: Schedule = { executor: 'ramping-arrival-rate', startRatePerSecond: 0, stages: [stage(10, 37)] }
  const parts = (schedule: Schedule, generators: number) =>
    Array.from({ length: generators }, (_, index) => createPacer(schedule, { index, generators }))

  it.each([1, 2, 3, 7])('is offered by %d together exactly as by one', (generators) => {
    const one = createPacer(whole)
    const many = parts(whole, generators)
    const due = many.flatMap((pacer) => Array.from({ length: pacer.total }, (_, n) => pacer.dueMs(n)))
    expect(due.toSorted((a, b) => a - b)).toEqual(Array.from({ length: one.total }, (_, n) => one.dueMs(n)))
    for (const ms of [-1, 0, 1, 4_321, 9_999, 60_000]) {
      expect(many.reduce((sum, pacer) => sum + pacer.dueBy(ms), 0)).toBe(one.dueBy(ms))
    }
  })

  it('is dealt out with at most one message more to one than to another', () => {
    const totals = parts({ executor: 'shared-iterations', messages: 11 }, 3).map(({ total }) => total)
    expect(totals).toEqual([4, 4, 3])
    expect(dealtCount(2, { index: 2, generators: 3 })).toBe(0)
  })

  it.each([
    { executor: 'per-worker-iterations', messagesPerWorker: 3, workers: 4 },
    { executor: 'constant-workers', durationSeconds: 3 },
  ] as const)('of $executor is what its own workers do', (schedule) => {
    const [first] = parts(schedule, 2)
    expect(first?.total).toBe(createPacer(schedule).total)
    expect(first?.turnMs(0, 2, 50)).toBe(50)
  })
})
