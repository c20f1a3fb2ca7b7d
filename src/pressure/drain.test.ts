import { expect, test } from 'vitest'
import { Drain, MessageStates } from './monitor.ts'

const LIMITS = { quietMs: 5_000, drainMs: 20_000 }
const counts = (delivered: number, settled = delivered) => ({
  handedOver: 10,
  delivered,
  reported: settled,
  settled,
})

test('is done when every message is settled', () => {
  const drain = new Drain(LIMITS, 0)
  expect(drain.look(counts(9), 100)).toBe('going-on')
  expect(drain.look(counts(10, 9), 200)).toBe('going-on')
  expect(drain.look(counts(10), 300)).toBe('done')
})

test('gives up when nothing moved for the bound, counted from the last move', () => {
  const drain = new Drain(LIMITS, 0)
  expect(drain.look(counts(5), 4_999)).toBe('going-on')
  expect(drain.look(counts(6), 9_000)).toBe('going-on')
  expect(drain.look(counts(6), 13_999)).toBe('going-on')
  expect(drain.look(counts(6), 14_000)).toBe('quiet')
})

test('gives up after its time, however it moves', () => {
  const drain = new Drain(LIMITS, 0)
  for (let second = 0; second < 20; second++)
    expect(drain.look({ ...counts(0), delivered: second }, second * 1_000)).toBe('going-on')
  expect(drain.look({ ...counts(0), delivered: 20 }, 20_000)).toBe('too-long')
})

test('notices progress in counts behind getters, as a run has them', () => {
  const drain = new Drain(LIMITS, 0)
  const states = new MessageStates()
  for (const id of ['a', 'b']) states.onHandedOver(id)
  expect(drain.look(states, 0)).toBe('going-on')
  states.onDelivered('a')
  expect(drain.look(states, 4_000)).toBe('going-on')
  expect(drain.look(states, 8_000)).toBe('going-on')
})

test('has nothing to wait for when nothing was handed over', () => {
  const none = { handedOver: 0, delivered: 0, reported: 0, settled: 0 }
  expect(new Drain(LIMITS, 0).look(none, 0)).toBe('done')
})
