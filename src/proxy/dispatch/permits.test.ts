import { expect, test } from 'vitest'
import { Permits } from './permits.ts'

const never = new AbortController().signal

test('gives what it has, then in the order of asking', async () => {
  const permits = new Permits(1)
  await permits.take(never)
  const order: string[] = []
  const waiting = ['first', 'second'].map((name) => permits.take(never).then(() => order.push(name)))
  permits.give()
  await waiting[0]
  expect(order).toEqual(['first'])
  permits.give()
  await waiting[1]
  expect(permits.inUse).toBe(1)
})

test('forgets who has given up waiting', async () => {
  const permits = new Permits(1)
  await permits.take(never)
  const patience = new AbortController()
  const waiting = permits.take(patience.signal)
  patience.abort(new Error('enough'))
  await expect(waiting).rejects.toThrow('enough')
  permits.give()
  expect(permits.inUse).toBe(0)
})
