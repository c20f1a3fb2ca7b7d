import { expect, test } from 'vitest'
import { Permits } from './fair-share.ts'

const never = new AbortController().signal

test('grants what it has, then in the order of requests', async () => {
  const permits = new Permits(1)
  await permits.take('t', never)
  const order: string[] = []
  const waiting = ['first', 'second'].map((name) => permits.take('t', never).then(() => order.push(name)))
  permits.give('t')
  await waiting[0]
  expect(order).toEqual(['first'])
  permits.give('t')
  await waiting[1]
  expect(permits.inUse).toBe(1)
})

test('forgets callers that gave up waiting', async () => {
  const permits = new Permits(1)
  await permits.take('t', never)
  const patience = new AbortController()
  const waiting = permits.take('t', patience.signal)
  patience.abort(new Error('enough'))
  await expect(waiting).rejects.toThrow('enough')
  permits.give('t')
  expect(permits.inUse).toBe(0)
})

test('always leaves some for others, and grants waiting requests as soon as possible', async () => {
  const permits = new Permits(4)
  for (let n = 0; n < 3; n++) await permits.take('greedy', never)
  const order: string[] = []
  const waiting = permits.take('greedy', never).then(() => order.push('greedy'))
  await permits.take('modest', never)
  expect(permits.inUse).toBe(4)
  const another = permits.take('another', never).then(() => order.push('another'))
  permits.give('modest')
  await another
  permits.give('another')
  permits.give('greedy')
  await waiting
  expect(order).toEqual(['another', 'greedy'])
})
