import { expect, test } from 'vitest'
import { LaneTimes } from './lane-times.ts'
import type { LanePlan } from './proxy-plan.ts'

const half = () => 0.5

test.each<[string, LanePlan, [nowMs: number, bytes: number][], number[]]>([
  [
    'a lane without faults delivers at once',
    {},
    [
      [0, 1000],
      [5, 1],
    ],
    [0, 5],
  ],
  [
    'a delay shifts each piece by itself',
    { delayMs: 20 },
    [
      [0, 1],
      [1, 1],
      [100, 1],
    ],
    [20, 21, 120],
  ],
  ['jitter is added by chance', { delayMs: 20, jitterMs: 10 }, [[0, 1]], [25]],
  [
    'a slow line carries one piece after another',
    { bytesPerSecond: 1000 },
    [
      [0, 100],
      [0, 50],
      [10, 50],
    ],
    [100, 150, 200],
  ],
  [
    'a slow line that was idle begins anew',
    { bytesPerSecond: 1000 },
    [
      [0, 100],
      [500, 100],
    ],
    [100, 600],
  ],
  [
    'the delay comes after the slow line',
    { bytesPerSecond: 1000, delayMs: 7 },
    [
      [0, 100],
      [0, 100],
    ],
    [107, 207],
  ],
])('%s', (_title, plan, pieces, due) => {
  const times = new LaneTimes(plan, half)
  expect(pieces.map(([nowMs, bytes]) => times.dueMs(nowMs, bytes))).toEqual(due)
})

test('no jitter lets an octet overtake an earlier one', () => {
  const chances = [0.9, 0.1, 0.5]
  const times = new LaneTimes({ jitterMs: 100 }, () => chances.shift() ?? 0)
  expect([0, 1, 60].map((nowMs) => times.dueMs(nowMs, 1))).toEqual([90, 90, 110])
})

test('tells how long the line is busy with what it was given, and pieces of 20 ms for it', () => {
  const times = new LaneTimes({ bytesPerSecond: 1000, delayMs: 500 }, half)
  times.dueMs(0, 300)
  expect([times.backlogMs(0), times.backlogMs(100), times.backlogMs(400)]).toEqual([300, 200, 0])
  expect(times.pieceBytes).toBe(20)
})
