import { describe, expect, it } from 'vitest'
import { cpuSecondsPerThousand, messagesPerSecond, spreadOf } from './measurement.ts'

describe('spreadOf', () => {
  it('takes the middle value of an odd number of values, whatever their order', () => {
    expect(spreadOf([9, 1, 5])).toEqual({ median: 5, min: 1, max: 9 })
  })

  it('takes the mean of the middle two of an even number of values', () => {
    expect(spreadOf([10, 2, 4, 100])).toEqual({ median: 7, min: 2, max: 100 })
  })

  it('compares numbers, not their text', () => {
    expect(spreadOf([100, 20, 3]).median).toBe(20)
  })

  it('refuses an empty list', () => {
    expect(() => spreadOf([])).toThrow('no values')
  })
})

it('gives rates in messages per second and CPU in seconds per 1,000 messages', () => {
  const measurement = { messages: 4_000, seconds: 2, cpuSeconds: 0.1 }
  expect(messagesPerSecond(measurement)).toBe(2_000)
  expect(cpuSecondsPerThousand(measurement)).toBeCloseTo(0.025, 12)
})
