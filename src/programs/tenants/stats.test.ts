import { expect, test } from 'vitest'
import { CacheUsage } from './stats.ts'

const sent = (usage: CacheUsage, md5: string, times: number) => {
  for (let n = 0; n < times; n++) usage.sent({ md5 })
}

test('knows no rate when no fetch could have been spared', () => {
  const usage = new CacheUsage()
  sent(usage, 'a', 1)
  sent(usage, 'b', 1)
  usage.fetched('a')
  usage.fetched('b')
  expect(usage.hitRate()).toBeNull()
})

test.each([
  ['a proxy that keeps everything', 1, 1],
  ['a proxy that keeps nothing', 5, 0],
  ['a proxy that forgot it once', 2, 0.75],
  ['a proxy that fetched more often than it sent', 9, 0],
])('gives %s its rate', (_who, fetches, rate) => {
  const usage = new CacheUsage()
  sent(usage, 'a', 5)
  for (let n = 0; n < fetches; n++) usage.fetched('a')
  expect(usage.hitRate()).toBe(rate)
})

test('does not count fetches of unsent messages as avoided', () => {
  const usage = new CacheUsage()
  usage.fetched('a')
  sent(usage, 'b', 3)
  for (let n = 0; n < 3; n++) usage.fetched('b')
  expect(usage.hitRate()).toBe(0)
})
