import { expect, test } from 'vitest'
import { waitInWindow } from './rate.ts'

const window = { most: 2, windowMs: 60_000 }

test.each([
  ['sends at once without a limit', [1, 2, 3], 9, { most: null, windowMs: 60_000 }, 0],
  ['takes 0 for no limit', [1, 2, 3], 0, { most: 0, windowMs: 60_000 }, 0],
  ['sends at once while there are slots', [], 1, window, 0],
  ['counts what was sent before', [5_000], 0, window, 0],
  ['waits for the oldest slot to leave the window', [5_000, 40_000], 0, window, 20_000],
  ['lets the second wait for the newer slot', [5_000, 40_000], 1, window, 55_000],
  ['lets the third wait for the first of the same call, a window later', [5_000, 40_000], 2, window, 80_000],
  ['does not count what has left the window', [61_000, 70_000], 0, window, 0],
  ['spreads a call over windows', [], 5, window, 120_000],
])('%s', (_what, agesMs, index, limit, expected) => {
  expect(waitInWindow(agesMs, index, limit)).toBe(expected)
})
