import { describe, expect, test } from 'vitest'
import { burstResult } from '../../../src/report/result.fixture.ts'
import { reportProgress } from './send.ts'

describe('passed', () => {
  for (let worker = 1; worker <= 50; worker++) {
    test.concurrent(`worker ${worker}: 100 messages`, async ({ task }) => {
      if (worker !== 50) return
      await reportProgress(task, { scenario: 'passed' })
      task.meta.mailstormResult = burstResult({ scenario: 'passed' })
    })
  }
  test('p(99)<1000', () => {
    expect(41).toBeLessThan(1000)
  })
})
