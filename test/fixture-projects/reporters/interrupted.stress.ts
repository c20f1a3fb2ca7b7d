import { once } from 'node:events'
import { describe, test } from 'vitest'
import { burstResult } from '../../../src/report/result.fixture.ts'
import { reportProgress } from './send.ts'

/**
 * Waits for the abort. Vitest ends the test's promise at once when its signal fires, so that what is to
 * be saved then belongs into onTestFinished.
 */
describe('interrupted', () => {
  for (let worker = 1; worker <= 3; worker++) {
    test.concurrent(`worker ${worker}`, { timeout: 60_000 }, async ({ task, signal, onTestFinished }) => {
      if (worker === 1) {
        onTestFinished(async () => {
          await new Promise((resolve) => setImmediate(resolve))
          task.meta.mailstormResult = burstResult({
            scenario: 'interrupted',
            status: 'partial',
            partial_reason: 'interrupted',
            verdict: 'FAILED',
          })
        })
        await reportProgress(task, { scenario: 'interrupted' })
        console.log('waiting for the signal')
      }
      if (!signal.aborted) await once(signal, 'abort')
    })
  }
  test('p(99)<1000', () => undefined)
})

/** Is interrupted before there is anything to save. */
describe('booting', () => {
  test('worker 1', { timeout: 60_000 }, async ({ signal }) => {
    console.log('waiting for the signal')
    if (!signal.aborted) await once(signal, 'abort')
  })
})
