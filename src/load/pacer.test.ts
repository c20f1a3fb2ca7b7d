import { describe, expect, it } from 'vitest'
import { createPacer } from './pacer.ts'

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
  const pacer = createPacer({ executor: 'shared-iterations', messages: 5_000 })

  it('makes every message due at once, in no window', () => {
    expect(pacer).toMatchObject({ model: 'closed', total: 5_000, windowMs: undefined })
    expect([0, 1, 4_999].map((n) => pacer.dueMs(n))).toEqual([0, 0, 0])
  })

  it.each([
    [-1, 0],
    [0, 5_000],
    [1e9, 5_000],
  ])('at %d ms has made %d messages due', (elapsedMs, due) => {
    expect(pacer.dueBy(elapsedMs)).toBe(due)
  })
})
