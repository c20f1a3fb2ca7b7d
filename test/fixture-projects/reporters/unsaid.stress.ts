import { describe, test } from 'vitest'
import { pressureResult } from '../../../src/report/html/pressure.fixture.ts'
import { burstResult } from '../../../src/report/result.fixture.ts'

/** Runs that failed although each of their rows passed: the rows that would tell were left out, or cut off. */
describe('unsaid', () => {
  test('a load', ({ task }) => {
    task.meta.mailstormResult = burstResult({
      scenario: 'unsaid',
      status: 'partial',
      partial_reason: 'its time limit of 5 s ran out',
      verdict: 'FAILED',
    })
  })
})

describe('unsaid pressure', () => {
  test('a tenant', ({ task }) => {
    const { verification } = pressureResult()
    task.meta.mailstormResult = pressureResult({
      scenario: 'unsaid pressure',
      thresholds: [],
      verification: { ...verification, verified: false, why_not: 'the sink is gone' },
    })
  })
})
