import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRamp } from './ramp.ts'

const stage = (durationSeconds: number, target: number) => ({ durationSeconds, target })

it('tells its length and its peak', () => {
  const ramp = createRamp(10, [stage(10, 30), stage(0, 5), stage(10, 5)])
  expect(ramp).toMatchObject({ durationMs: 20_000, peak: 30 })
  expect(createRamp(5, [])).toMatchObject({ durationMs: 0, peak: 0 })
  // A jump at the very end is never stood on.
  const jump = createRamp(10, [stage(1, 10), stage(0, 50)])
  expect([jump.peak, jump.areaBy(1_000)]).toEqual([10, 10])
})

describe('the area', () => {
  it.each([
    // start, stages, ms, area, why
    [0, [stage(10, 100)], 10_000, 500, 'a triangle'],
    [0, [stage(10, 100)], 5_000, 125, 'a quarter of it after half the time'],
    [100, [stage(10, 0)], 5_000, 375, 'the rest of it when it goes down'],
    [10, [stage(30, 10), stage(0, 25), stage(30, 25), stage(0, 50), stage(30, 50)], 90_000, 2_550, 'steps'],
    [10, [stage(1, 10)], 60_000, 10, 'no more after the end'],
    [10, [stage(1, 10)], -5, 0, 'none before the start'],
  ])('from %d over %j by %d ms is %d: %s', (start, stages, ms, area) => {
    expect(createRamp(start, stages).areaBy(ms)).toBeCloseTo(area, 9)
  })

  it('is reached where the level takes up again, when it had stood still', () => {
    const ramp = createRamp(10, [stage(1, 10), stage(0, 0), stage(5, 0), stage(0, 10), stage(1, 10)])
    expect([9, 10, 11].map((area) => ramp.whenArea(area))).toEqual([900, 6_000, 6_100])
  })

  it('and its moment are each other’s inverse', () => {
    const levels = fc.integer({ min: 0, max: 1_000 })
    const stages = fc.array(fc.record({ durationSeconds: fc.integer({ min: 0, max: 60 }), target: levels }), {
      minLength: 1,
      maxLength: 5,
    })
    fc.assert(
      fc.property(levels, stages, fc.double({ min: 0, max: 0.999, noNaN: true }), (start, ramped, share) => {
        const ramp = createRamp(start, ramped)
        const area = share * ramp.areaBy(ramp.durationMs)
        if (area > 0) expect(ramp.areaBy(ramp.whenArea(area))).toBeCloseTo(area, 5)
      }),
    )
  })
})

describe('the moment of a level', () => {
  const up = createRamp(0, [stage(10, 10), stage(10, 0), stage(10, 10)])

  it.each([
    [0.5, 0, 500, 'on the way up'],
    [9.5, 0, 9_500, 'near the peak'],
    [5, 7_000, 7_000, 'at once, where it is above'],
    [5, 16_000, 25_000, 'in the next stage, where it is below'],
    [10, 0, 10_000, 'at the peak itself'],
  ])('of at least %d from %d ms on is %d ms: %s', (level, fromMs, ms) => {
    expect(up.whenLevel(level, fromMs)).toBeCloseTo(ms, 9)
  })

  it.each([
    [10.5, 0, 'above the peak'],
    [5, 30_000, 'after the end'],
  ])('of at least %d from %d ms on never comes: %s', (level, fromMs) => {
    expect(up.whenLevel(level, fromMs)).toBeUndefined()
  })

  it('is where the line crosses it, wherever the line begins', () => {
    expect(createRamp(10, [stage(10, 30)]).whenLevel(20, 0)).toBeCloseTo(5_000, 9)
    expect(createRamp(10, [stage(10, 30)]).whenLevel(25, 1_000)).toBeCloseTo(7_500, 9)
  })

  it('is not the end of a ramp that jumps down there', () => {
    const peak = createRamp(0, [stage(10, 10), stage(0, 1), stage(10, 1)])
    expect(peak.whenLevel(10, 0)).toBeUndefined()
  })
})
