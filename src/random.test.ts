import { expect, test } from 'vitest'
import { Random } from './random.ts'

const DRAWS = 20_000
const draws = <T>(draw: () => T) => Array.from({ length: DRAWS }, draw)
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

test('gives the same numbers for the same name, and others for another', () => {
  const numbers = (name: string) => {
    const random = new Random(name)
    return Array.from({ length: 100 }, () => random.next())
  }
  expect(numbers('a')).toEqual(numbers('a'))
  expect(numbers('a')).not.toEqual(numbers('b'))
})

test('spreads its numbers evenly from 0 to 1', () => {
  const random = new Random('even')
  const tenths = new Array(10).fill(0)
  for (const value of draws(() => random.next())) tenths[Math.floor(value * 10)] += 1
  for (const count of tenths) expect(Math.abs(count - DRAWS / 10)).toBeLessThan(150)
})

test('draws from a normal distribution', () => {
  const random = new Random('normal')
  const values = draws(() => random.gauss(50, 25))
  expect(mean(values)).toBeCloseTo(50, 0)
  expect(Math.sqrt(mean(values.map((value) => (value - 50) ** 2)))).toBeCloseTo(25, 0)
})

test('draws whole numbers with both ends', () => {
  const random = new Random('whole')
  expect(new Set(draws(() => random.whole(2, 5)))).toEqual(new Set([2, 3, 4, 5]))
})

test('draws by weight, and never an item of weight 0', () => {
  const random = new Random('weights')
  const drawn = draws(() => random.weighted([0, 3, 1]))
  expect(drawn).not.toContain(0)
  expect(mean(drawn.map((index) => (index === 1 ? 1 : 0)))).toBeCloseTo(0.75, 1)
})
