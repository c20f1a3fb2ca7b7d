import { expect, test } from 'vitest'
import { changeOf, exceeds, quantileOf, spreadOf } from './change.ts'

test('a change from 0 has no share, and exceeds any', () => {
  expect(changeOf(0, 3)).toEqual({ absolute: 3, relative: null })
  expect(exceeds(changeOf(0, 3), { relative: 10, floor: 2 })).toBe(true)
  expect(exceeds(changeOf(0, 3), { relative: 10, floor: 3 })).toBe(false)
})

test('no change exceeds nothing, not even a limit of 0', () => {
  expect(exceeds(changeOf(5, 5), { relative: 0, floor: 0 })).toBe(false)
  expect(exceeds(changeOf(0, 0), { relative: 0, floor: 0 })).toBe(false)
})

test('what stands at the limit has not passed it, whatever binary makes of it', () => {
  for (const old of [1, 3, 7, 11, 640.1120316591633]) {
    expect(exceeds(changeOf(old, old * 0.9), { relative: 0.1, floor: 0 })).toBe(false)
  }
})

test('a spread is of the runs that have the figure', () => {
  expect(spreadOf([null, 4, 1])).toEqual({ median: 2.5, min: 1, max: 4, values: [null, 4, 1] })
  expect(spreadOf([null])).toMatchObject({ median: null, min: null, max: null })
  expect(spreadOf([])).toMatchObject({ median: null })
})

test('a quantile lies between the two nearest values', () => {
  expect([0, 0.25, 0.5, 1].map((share) => quantileOf([10, 20, 40], share))).toEqual([10, 15, 20, 40])
})
