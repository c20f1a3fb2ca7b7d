import { expect, test } from 'vitest'
import { put } from './put.fixture.ts'
import { SpoolReader } from './spool.ts'
import { Store } from './store.ts'

test('lists newest first and counts', () => {
  const store = new Store()
  for (const id of ['a', 'b', 'c', 'd']) put(store, id, id)
  expect(store.count).toBe(4)
  expect(store.newestFirst(1, 2).map(({ id }) => id)).toEqual(['c', 'b'])
  expect(store.newestFirst(4, 2)).toEqual([])
  store.close()
})

test('forgets a deleted message everywhere, and only once', () => {
  const store = new Store()
  for (const id of ['a', 'b', 'c']) put(store, id, id, ['x@test'])
  expect(store.toRecipient('x@test').map(({ id }) => id)).toEqual(['a', 'b', 'c'])
  expect([store.delete('b'), store.delete('b')]).toEqual([true, false])
  expect(store.all().map(({ id }) => id)).toEqual(['a', 'c'])
  expect(store.toRecipient('x@test').map(({ id }) => id)).toEqual(['a', 'c'])
  expect([store.get('b'), store.count]).toEqual([undefined, 2])
  store.close()
})

test('finds by exact recipient, each message once, also those that came after the first look', () => {
  const store = new Store()
  put(store, 'a', 'a', ['x@test', 'x@test', 'y@test'])
  expect(store.toRecipient('x@test').map(({ id }) => id)).toEqual(['a'])
  put(store, 'b', 'b', ['y@test'])
  expect(store.toRecipient('y@test').map(({ id }) => id)).toEqual(['a', 'b'])
  expect(store.toRecipient('@test')).toEqual([])
  store.close()
})

test('begins a new spool when everything was deleted, together or one by one', () => {
  const store = new Store()
  put(store, 'a', 'x'.repeat(1000))
  store.deleteAll()
  expect(store.spool.endOffset).toBe(0)
  put(store, 'b', 'x'.repeat(1000))
  store.delete('b')
  expect([store.count, store.spool.endOffset]).toEqual([0, 0])
  store.close()
})

test('keeps an open message readable after everything was deleted', () => {
  const store = new Store()
  const message = put(store, 'a', 'still here')
  using reader = new SpoolReader(store.spool)
  store.deleteAll()
  put(store, 'b', 'another one')
  expect(reader.text(message)).toBe('still here')
  store.close()
})

test('reads messages of all sizes in any order', () => {
  const store = new Store()
  const sizes = [0, 1, 100_000, 131_072, 131_073, 300_000, 5]
  const messages = sizes.map((size, i) => put(store, `${i}`, String(i).repeat(size)))
  using reader = new SpoolReader(store.spool)
  for (const order of [messages, messages.toReversed(), [...messages, ...messages]]) {
    for (const message of order) {
      expect(reader.text(message) === message.id.repeat(message.length)).toBe(true)
      expect(Buffer.concat([...reader.blocks(message)]).toString() === reader.text(message)).toBe(true)
    }
  }
  store.close()
})
