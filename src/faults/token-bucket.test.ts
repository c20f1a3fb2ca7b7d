import { expect, test } from 'vitest'
import { TokenBucket } from './token-bucket.ts'

/** How many of so many tries a millisecond get a token. */
function taken(
  bucket: TokenBucket,
  { fromMs, toMs, perMs }: { fromMs: number; toMs: number; perMs: number },
) {
  let count = 0
  for (let nowMs = fromMs; nowMs < toMs; nowMs++) {
    for (let i = 0; i < perMs; i++) if (bucket.take(nowMs)) count++
  }
  return count
}

test('gives its burst at once and then exactly its rate, however much is asked', () => {
  const bucket = new TokenBucket({ perSecond: 300, burst: 10 }, 0)
  expect(taken(bucket, { fromMs: 0, toMs: 1, perMs: 50 })).toBe(10)
  expect(taken(bucket, { fromMs: 1, toMs: 10_001, perMs: 5 })).toBe(3_000)
})

test('saves no more than its burst over a pause', () => {
  const bucket = new TokenBucket({ perSecond: 1_000, burst: 3 }, 0)
  expect(taken(bucket, { fromMs: 60_000, toMs: 60_001, perMs: 10 })).toBe(3)
})

test('gives nothing for a clock that goes back, and does not count that time twice', () => {
  const bucket = new TokenBucket({ perSecond: 1, burst: 1 }, 1_000)
  expect(bucket.take(1_000)).toBe(true)
  expect(bucket.take(0)).toBe(false)
  expect(bucket.take(1_999)).toBe(false)
  expect(bucket.take(2_000)).toBe(true)
})
