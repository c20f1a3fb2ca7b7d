import { expect, it } from 'vitest'
import { Gate } from './connections.ts'

it('lets no more than its limit in at a time, and everybody in their order', async () => {
  const gate = new Gate(2)
  const entered: number[] = []
  let inside = 0
  let most = 0
  await Promise.all(
    Array.from({ length: 20 }, async (_, visitor) => {
      await new Promise<void>((resolve) => gate.enter(resolve))
      entered.push(visitor)
      most = Math.max(most, ++inside)
      await new Promise(setImmediate)
      inside--
      gate.leave()
    }),
  )
  expect(most).toBe(2)
  expect(entered).toEqual(Array.from({ length: 20 }, (_, visitor) => visitor))
})
