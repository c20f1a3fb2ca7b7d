import { describe, test } from 'vitest'

/** Still boots when the signal comes: there is nothing to report. */
describe('unbegun', () => {
  test('worker 1', { timeout: 60_000 }, async ({ signal }) => {
    console.log('waiting for the signal')
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
  })
})
