import { expect, it } from 'vitest'
import { rateError } from './pacing-task.ts'

const run = { messages: 501, lagP50Ms: 0, lagP99Ms: 0, cpuShare: 0 }

it('is zero when the last message starts when it is due', () => {
  expect(rateError({ ...run, lastStartMs: 10_000 }, 50)).toBeCloseTo(0, 12)
})

it('is negative when the run is too slow', () => {
  expect(rateError({ ...run, lastStartMs: 12_500 }, 50)).toBeCloseTo(-0.2, 12)
})
