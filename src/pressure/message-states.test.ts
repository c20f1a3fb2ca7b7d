import { expect, test } from 'vitest'
import { MessageStates } from './monitor.ts'

const countsOf = ({ handedOver, delivered, reported, settled }: MessageStates) => [
  handedOver,
  delivered,
  reported,
  settled,
]

test('settles a message that was delivered and reported, in any order, once', () => {
  const states = new MessageStates()
  states.onHandedOver('m')
  states.onDelivered('m')
  states.onDelivered('m')
  expect(countsOf(states)).toEqual([1, 1, 0, 0])
  states.onReported('m', 'sent')
  states.onReported('m', 'sent')
  expect(countsOf(states)).toEqual([1, 1, 1, 1])
})

test('settles a message that was given up, delivered or not', () => {
  const states = new MessageStates()
  states.onHandedOver('m')
  states.onReported('m', 'error')
  expect(countsOf(states)).toEqual([1, 0, 1, 1])
})

test('does not settle a message that was reported as sent but never arrived', () => {
  const states = new MessageStates()
  states.onHandedOver('m')
  states.onReported('m', 'sent')
  expect(countsOf(states)).toEqual([1, 0, 1, 0])
})

test('counts a message that was seen before its tenant knew that it was taken', () => {
  const states = new MessageStates()
  states.onDelivered('m')
  states.onReported('m', 'sent')
  expect(countsOf(states)).toEqual([0, 0, 0, 0])
  states.onHandedOver('m')
  expect(countsOf(states)).toEqual([1, 1, 1, 1])
})
