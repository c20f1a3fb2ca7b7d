import { describe, test } from 'vitest'

/** Does not listen to its abort signal, not even when it tidies up. */
describe('stubborn', () => {
  test('worker 1', { timeout: 60_000 }, async ({ onTestFinished }) => {
    const never = new Promise<never>(() => undefined)
    onTestFinished(() => never, 60_000)
    console.log('waiting for the signal')
    await never
  })
})
