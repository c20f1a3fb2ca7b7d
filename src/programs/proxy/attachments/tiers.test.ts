import { expect, test } from 'vitest'
import { type ContentKey, contentKey, MemoryTier } from './tiers.ts'

function tier(maxBytes: number, ttlMs = 1_000) {
  const clock = { nowMs: 1 }
  const memory = new MemoryTier({ maxBytes, ttlMs }, () => clock.nowMs)
  const key = (name: string) => contentKey('t', name)
  return {
    clock,
    put: (name: string, bytes: number) => memory.put(key(name), Buffer.alloc(bytes)),
    has: (...names: string[]) => names.filter((name) => memory.get(key(name)) !== undefined),
  }
}

test('evicts the least recently used, by bytes', () => {
  const { put, has } = tier(100)
  for (const name of ['a', 'b', 'c']) put(name, 30)
  expect(has('a')).toEqual(['a'])
  put('d', 60)
  expect(has('a', 'b', 'c', 'd')).toEqual(['a', 'd'])
})

test('counts a content that is put again once', () => {
  const { put, has } = tier(100)
  for (let time = 0; time < 10; time++) put('a', 40)
  put('b', 60)
  expect(has('a', 'b')).toEqual(['a', 'b'])
})

test('forgets a content when its time is over, however often it was asked for', () => {
  const { clock, put, has } = tier(100)
  put('a', 10)
  clock.nowMs += 999
  expect(has('a')).toEqual(['a'])
  clock.nowMs += 2
  expect(has('a')).toEqual([])
})

test('does not keep content larger than the whole tier, and evicts nothing for it', () => {
  const { put, has } = tier(100)
  put('a', 100)
  put('b', 101)
  expect(has('a', 'b')).toEqual(['a'])
  put('a', 101)
  expect(has('a')).toEqual([])
})

test('keeps an empty content; with a limit of 0 bytes, nothing', () => {
  const kept = tier(1)
  kept.put('a', 0)
  expect(kept.has('a')).toEqual(['a'])
  const nothing = tier(0)
  nothing.put('a', 10)
  expect(nothing.has('a')).toEqual([])
})

test('takes limits with a fraction, as GMP_CACHE_MEMORY_MAX_MB=0.00001 gives', () => {
  const memory = new MemoryTier({ maxBytes: 10.486, ttlMs: 10.5 })
  const key: ContentKey = contentKey('t', 'a')
  memory.put(key, Buffer.alloc(10))
  expect(memory.get(key)?.length).toBe(10)
})

test('holds no more memory than it counts: a part of a larger buffer becomes a buffer of its own', () => {
  const memory = new MemoryTier({ maxBytes: 10_000, ttlMs: 1_000 })
  const key = contentKey('t', 'a')
  const slab = Buffer.alloc(65_536, 'x')
  memory.put(key, slab.subarray(100, 1_100))
  expect(memory.get(key)).toEqual(Buffer.alloc(1_000, 'x'))
  expect(memory.get(key)?.buffer.byteLength).toBe(1_000)
})
