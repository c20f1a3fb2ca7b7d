import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import type { Progress } from '../engine/progress.ts'
import { renderProgress, renderProgressLine } from './progress.ts'
import { coloured } from './terminal.ts'

const burst: Progress = {
  scenario: 'burst',
  part: null,
  run_id: 'b7f3a1c2',
  elapsed_seconds: 3,
  planned: 5000,
  accepted: 3200,
  deferred: 8,
  rejected: 0,
  failed: 2,
  in_flight: 50,
  rate: 1103.4,
  target_rate: null,
  p50_ms: 12.04,
  p99_ms: 41.2,
  errors: [
    ['421', 8],
    ['timeout', 2],
  ],
  left_seconds: 1.62,
}

const sustained: Progress = {
  ...burst,
  scenario: 'mixed',
  part: 'xlarge',
  accepted: 0,
  deferred: 0,
  failed: 0,
  rate: 0,
  target_rate: 50,
  p50_ms: null,
  p99_ms: null,
  errors: [],
  left_seconds: null,
}

test.for([
  [
    200,
    'burst  ███████████████████░░░░░░░░░░░  3,210/5,000  64 %  1,103/s  p50 12.0 ms  p99 41.2 ms  10 errors  2 s left',
  ],
  [
    100,
    'burst  ███████████░░░░░░░  3,210/5,000  64 %  1,103/s  p50 12.0 ms  p99 41.2 ms  10 errors  2 s left',
  ],
  [60, 'burst  3,210/5,000  64 %  1,103/s  p99 41.2 ms  10 errors'],
  [40, 'burst  3,210/5,000  1,103/s  10 errors'],
  [20, 'burst  3,210/5,000'],
  [3, 'bu…'],
])('fits the live line to %i columns, the least important part going first', ([columns, line]) => {
  expect(renderProgress(burst, columns as number)).toBe(line)
})

test('is never wider than the terminal, whatever its width', () => {
  for (let columns = 0; columns < 160; columns++) {
    for (const progress of [burst, sustained]) {
      const line = stripVTControlCharacters(renderProgress(progress, columns, coloured))
      expect(line.length, `at ${columns} columns: ${line}`).toBeLessThanOrEqual(columns)
    }
  }
})

test('shows the target rate, and a dash for what is not measured yet', () => {
  expect(renderProgress(sustained, 200)).toBe(
    'mixed / xlarge  ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░  0/5,000  0 %  0.0 of 50/s  p50 –  p99 –  no errors  3 s so far',
  )
})

test('is full only when every message has ended', () => {
  const almost = renderProgress({ ...burst, accepted: 4989 }, 200)
  expect(almost).toContain('░')
  expect(almost).toContain(' 99 %')
  const done = renderProgress({ ...burst, accepted: 4990 }, 200)
  expect(done).not.toContain('░')
  expect(done).toContain(' 100 %')
})

test('says the same in one plain line, with the errors by name', () => {
  expect(renderProgressLine(burst)).toBe(
    'burst: 3,210 of 5,000 (64 %), 1,103/s, p50 12.0 ms, p99 41.2 ms, 10 errors (421 ×8, timeout ×2), 2 s left',
  )
})

test('a plan of no messages has no share', () => {
  expect(renderProgressLine({ ...sustained, planned: 0 })).toContain('0 of 0 (–)')
})
