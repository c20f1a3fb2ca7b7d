import { expect, test } from 'vitest'
import type { Claimed } from '../store/claim.ts'
import { InHand } from './in-hand.ts'

/** The rest of a message does not matter here. */
function message(pk: string, claim = 'first'): Claimed {
  return { pk, claim, tenantId: 't', accountId: 'a', priority: 2, payloadBytes: 10 } as Claimed
}

function inHand(...messages: Claimed[]): InHand {
  const hand = new InHand({ perLane: 10, inAll: 10 })
  hand.add(messages)
  return hand
}

test('does not begin once more what is being sent, when it is claimed anew', () => {
  const hand = inHand(message('1'))
  const first = hand.next()
  hand.add([message('1', 'second'), message('2', 'second')])
  expect(hand.next()?.message.pk).toBe('2')
  expect(hand.next()).toBeUndefined()
  expect(hand.running[0]).toBe(first)
})

test('does not send once more what was sent while a claim was under way', () => {
  const hand = inHand(message('1'))
  const sent = hand.next()?.message as Claimed
  hand.claiming()
  hand.sent(sent)
  hand.done(sent)
  hand.add([message('1', 'second')])
  expect(hand.next()).toBeUndefined()
})

test('sends what comes again later', () => {
  const hand = inHand(message('1'))
  const sent = hand.next()?.message as Claimed
  hand.sent(sent)
  hand.done(sent)
  hand.claiming()
  hand.add([message('1', 'second')])
  expect(hand.next()?.message.claim).toBe('second')
})

test('has what waits once, under its newest claim', () => {
  const hand = inHand(message('1'), message('2'))
  hand.add([message('1', 'second')])
  expect(hand.waiting).toBe(2)
  expect([hand.next()?.message.claim, hand.next()?.message.claim].sort()).toEqual(['first', 'second'])
  expect(hand.next()).toBeUndefined()
})
