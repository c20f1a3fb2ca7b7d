import { describe, expect, it } from 'vitest'
import { isAcknowledged, Receipts } from './receipts.ts'

function receiptsOf(planned: number, ...messages: readonly number[]): Receipts {
  const receipts = new Receipts({ planned, targetCount: 2 })
  for (const message of messages) receipts.add(message % 2, message, `run-${message}`, 100)
  return receipts
}

describe('Receipts', () => {
  it('know of each message whether it was acknowledged', () => {
    const data = receiptsOf(20, 0, 7, 8, 19).toData()
    const known = Array.from({ length: 20 }, (_, message) => isAcknowledged(data, message))
    expect(known.flatMap((is, message) => (is ? [message] : []))).toEqual([0, 7, 8, 19])
    expect(isAcknowledged(data, 1_000)).toBe(false)
  })

  it('count messages and bytes by target', () => {
    expect(receiptsOf(9, 0, 2, 3).toData().targets).toMatchObject([
      { accepted: 2, bytes: 200 },
      { accepted: 1, bytes: 100 },
    ])
  })

  it('know messages beyond any plan, when time ends the run and not a number', () => {
    const receipts = new Receipts({ targetCount: 1 })
    for (const message of [0, 9, 100_000]) receipts.add(0, message, `run-${message}`, 100)
    const merged = new Receipts({ targetCount: 1 })
    merged.merge(receipts.toData())
    for (const data of [receipts.toData(), merged.toData()]) {
      expect([0, 1, 9, 99_999, 100_000].map((message) => isAcknowledged(data, message))).toEqual([
        true,
        false,
        true,
        false,
        true,
      ])
    }
  })

  it('merged, are what one would have kept of all', () => {
    const merged = new Receipts({ planned: 50, targetCount: 2 })
    merged.merge(receiptsOf(50, 1, 2, 49).toData())
    merged.merge(receiptsOf(50, 3, 48).toData())
    expect(merged.toData()).toEqual(receiptsOf(50, 48, 49, 3, 2, 1).toData())
  })

  it('give data that later receipts do not change', () => {
    const receipts = receiptsOf(8, 1)
    const data = receipts.toData()
    receipts.add(0, 2, 'run-2', 100)
    expect(isAcknowledged(data, 2)).toBe(false)
    expect(data.targets[0]?.accepted).toBe(0)
  })

  it('take one bit for each message of the plan: threads send them every second', () => {
    expect(receiptsOf(1_000).toData().acknowledged).toHaveLength(125)
    expect(receiptsOf(1_001).toData().acknowledged).toHaveLength(126)
    expect(new Receipts({ targetCount: 1 }).toData().acknowledged).toHaveLength(0)
  })

  it('refuse a target that they do not know', () => {
    expect(() => receiptsOf(8).add(2, 0, 'run-0', 1)).toThrow('unknown target 2')
    const ofThree = new Receipts({ planned: 8, targetCount: 3 }).toData()
    expect(() => receiptsOf(8).merge(ofThree)).toThrow('unknown target 2')
  })
})

it('keeps refused recipients of messages that were taken, only where there are any', () => {
  const first = new Receipts({ planned: 10, targetCount: 1 })
  expect(first.toData()).not.toHaveProperty('refused')
  for (let message = 0; message < 40; message++) first.refuse(message, message % 3)
  const both = new Receipts({ targetCount: 1 })
  both.refuse(99, 7)
  both.merge(first.toData())
  expect([...(both.toData().refused ?? [])].slice(0, 8)).toEqual([99, 7, 0, 0, 1, 1, 2, 2])
  expect(both.toData().refused).toHaveLength(2 * 41)
})
