import { expect, test } from 'vitest'
import { cameAtMs, rateBetween } from './arrivals.ts'

const seen = [
  { atMs: 1_000, count: 0 },
  { atMs: 1_100, count: 50 },
  { atMs: 1_200, count: 250 },
]

test('tells when a message came, between two looks', () => {
  expect(cameAtMs(seen, 0)).toBe(1_000)
  expect(cameAtMs(seen, 25)).toBe(1_050)
  expect(cameAtMs(seen, 150)).toBe(1_150)
})

test('tells the rate from one message to another', () => {
  expect(rateBetween(seen, 50, 250)).toBeCloseTo(2_000)
})

test('refuses a message that did not come', () => {
  expect(() => cameAtMs(seen, 251)).toThrow('message 251 did not come')
})
