import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BagDigest } from './ledger.ts'

function digestOf(ids: readonly string[]): string {
  const digest = new BagDigest()
  for (const id of ids) digest.add(id)
  return digest.toString()
}

const ids = fc.array(fc.nat(99_999).map((number) => `run-${number}`))

describe('BagDigest', () => {
  it('does not depend on the order', () => {
    fc.assert(
      fc.property(
        ids.chain((bag) => fc.tuple(fc.constant(bag), fc.shuffledSubarray(bag, { minLength: bag.length }))),
        ([bag, shuffled]) => {
          expect(digestOf(shuffled)).toBe(digestOf(bag))
        },
      ),
    )
  })

  it('is the sum of two FNV-1a hashes, each avalanched: servers of other versions make the same', () => {
    expect(digestOf(['run-7-0'])).toBe('3f418ac0ecb9949d')
    expect(digestOf(['run-7-0', 'run-7-1', 'run-7-1'])).toBe('2aa4062ab8467d97')
    expect(digestOf([])).toBe('0000000000000000')
  })

  it('merges to the digest of all', () => {
    fc.assert(
      fc.property(ids, ids, (left, right) => {
        const digest = new BagDigest()
        digest.merge(digestOf(left))
        digest.merge(digestOf(right))
        expect(digest.toString()).toBe(digestOf([...left, ...right]))
      }),
    )
  })

  it.each([
    [['a'], ['a', 'a'], 'an id received twice'],
    [['a', 'a'], [], 'an id received twice against none: sums, not exclusive ors'],
    [['a', 'b'], ['a'], 'an id that is missing'],
    [['run-1', 'run-4'], ['run-2', 'run-3'], 'other ids of the same sum'],
    [['ab'], ['ba'], 'letters in another order'],
  ])('tells %j from %j: %s', (one, other) => {
    expect(digestOf(one)).not.toBe(digestOf(other))
  })

  it('tells apart 100,000 neighbouring ids, one by one', () => {
    const digests = new Set(Array.from({ length: 100_000 }, (_, number) => digestOf([`run-${number}`])))
    expect(digests.size).toBe(100_000)
  })

  it('is 16 hex digits, zeros for nothing', () => {
    expect(digestOf([])).toBe('0000000000000000')
    expect(digestOf(['run-0000000001'])).toMatch(/^[0-9a-f]{16}$/)
  })
})
