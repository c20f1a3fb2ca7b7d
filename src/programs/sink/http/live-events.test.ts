import { expect, test } from 'vitest'
import { put } from '../store/put.fixture.ts'
import { Store } from '../store/store.ts'
import { Hub } from './live-events.ts'
import { Messages } from './messages.ts'

test('counts events that a slow listener misses, and still sends them to the others', () => {
  const store = new Store()
  const hub = new Hub(new Messages({ store, hostname: 'sink.test' }))
  const taken: string[] = []
  hub.add({ offer: () => false })
  const fast = {
    offer(json: string): boolean {
      taken.push((JSON.parse(json) as { ID: string }).ID)
      return true
    },
  }
  hub.add(fast)
  hub.publish(put(store, '1', 'Subject: x\r\n\r\nhello\r\n'))
  hub.publish(put(store, '2', 'Subject: y\r\n\r\nhello\r\n'))
  expect([taken, hub.dropped]).toEqual([['1', '2'], 2])
  hub.remove(fast)
  hub.publish(put(store, '3', 'x\r\n'))
  expect([taken.length, hub.dropped]).toEqual([2, 3])
  store.close()
})
