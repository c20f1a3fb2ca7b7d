import { expect, test } from 'vitest'
import type { Claimed } from '../store/claim.ts'
import { InHand } from './in-hand.ts'

/** The rest of a message does not matter here. */
function message(pk: string, claim = 'first', of: Partial<Claimed> = {}): Claimed {
  return { pk, claim, tenantId: 't', accountId: 'a', priority: 2, payloadBytes: 10, ...of } as Claimed
}

function inHand(...messages: Claimed[]): InHand {
  const hand = new InHand({ perLane: 10, inAll: 10, largeBytes: 1e9 })
  hand.add(messages)
  return hand
}

test('does not start a message again that is claimed again while it is being sent', () => {
  const hand = inHand(message('1'))
  const first = hand.next()
  hand.add([message('1', 'second'), message('2', 'second')])
  expect(hand.next()?.message.pk).toBe('2')
  expect(hand.next()).toBeUndefined()
  expect(hand.running[0]).toBe(first)
})

test('does not send a message again that was sent during a claim', () => {
  const hand = inHand(message('1'))
  const sent = hand.next()?.message as Claimed
  hand.claiming()
  hand.sent(sent)
  hand.done(sent)
  hand.add([message('1', 'second')])
  expect(hand.next()).toBeUndefined()
})

test('sends a message that is claimed again later', () => {
  const hand = inHand(message('1'))
  const sent = hand.next()?.message as Claimed
  hand.sent(sent)
  hand.done(sent)
  hand.claiming()
  hand.add([message('1', 'second')])
  expect(hand.next()?.message.claim).toBe('second')
})

test('holds a waiting message once, under its newest claim', () => {
  const hand = inHand(message('1'), message('2'))
  hand.add([message('1', 'second')])
  expect(hand.waiting).toBe(2)
  expect([hand.next()?.message.claim, hand.next()?.message.claim].sort()).toEqual(['first', 'second'])
  expect(hand.next()).toBeUndefined()
})

test('lets no tenant have all slots, however many accounts it has, nor two', () => {
  const hand = new InHand({ perLane: 10, inAll: 20, largeBytes: 1e9 })
  const started: string[] = []
  const start = () => {
    for (let running = hand.next(); running !== undefined; running = hand.next())
      started.push(running.message.tenantId)
  }
  for (const tenantId of ['a', 'b']) {
    for (let n = 0; n < 100; n++)
      hand.add([message(`${tenantId}${n}`, 'c', { tenantId, accountId: `${n % 20}` })])
    start()
  }
  hand.add([message('c', 'c', { tenantId: 'c' })])
  start()
  const count = (tenantId: string) => started.filter((started) => started === tenantId).length
  expect(['a', 'b', 'c'].map(count)).toEqual([14, 4, 1])
})

test('reports how much more each tenant may claim', () => {
  const hand = inHand(message('1'), message('2'), message('3', 'c', { tenantId: 'u', payloadBytes: 500 }))
  expect(hand.roomOf({ messages: 100, bytes: 300 })).toEqual([
    { tenantId: 't', messages: 49, bytes: 140 },
    { tenantId: 'u', messages: 49, bytes: 0 },
  ])
})

test('takes back a queue of any length, and adds to one', () => {
  const many = Array.from({ length: 200_000 }, (_, pk) => message(String(pk)))
  const hand = new InHand({ perLane: 10, inAll: 10, largeBytes: 1e9 })
  hand.add(many)
  hand.add([message('1', 'second')])
  expect(hand.waiting).toBe(200_000)
  expect(hand.drop(new Set(['7']))).toHaveLength(199_999)
  expect(hand.waiting).toBe(1)
})

test('limits simultaneous large messages by memory, and leaves some of it to other tenants', () => {
  const hand = new InHand({ perLane: 100, inAll: 100, largeBytes: 18_000_000 })
  const of = (tenantId: string, payloadBytes: number, count: number) =>
    Array.from({ length: count }, (_, n) =>
      message(`${tenantId}${n}`, 'first', { tenantId, accountId: tenantId, payloadBytes }),
    )
  hand.add([...of('large', 1_000_000, 30), ...of('other', 1_000_000, 30), ...of('small', 1_000, 30)])
  while (hand.next() !== undefined);
  expect(hand.running.filter(({ message: { tenantId } }) => tenantId === 'small')).toHaveLength(30)
  const large = hand.running.filter(({ message: { tenantId } }) => tenantId !== 'small')
  expect(large.length).toBeGreaterThan(12)
  expect(large.length).toBeLessThanOrEqual(18)
  expect(new Set(large.map(({ message: { tenantId } }) => tenantId))).toEqual(new Set(['large', 'other']))
})

test('leaves a third of that memory to tenants that have nothing large yet', () => {
  const hand = new InHand({ perLane: 100, inAll: 100, largeBytes: 18_000_000 })
  hand.add(Array.from({ length: 30 }, (_, n) => message(String(n), 'first', { payloadBytes: 1_000_000 })))
  while (hand.next() !== undefined);
  expect(hand.inFlight).toBe(12)
  hand.add([message('x', 'first', { tenantId: 'x', payloadBytes: 6_000_000 })])
  expect(hand.next()?.message.pk).toBe('x')
})

test('sends a message alone that is larger than all of that memory', () => {
  const hand = new InHand({ perLane: 10, inAll: 10, largeBytes: 1_000_000 })
  hand.add([
    message('1', 'first', { payloadBytes: 5_000_000 }),
    message('2', 'first', { payloadBytes: 100_000 }),
  ])
  expect(hand.next()?.message.pk).toBe('1')
  expect(hand.next()).toBeUndefined()
})
