import { expect, it } from 'vitest'
import { isNotSlower, type Pair, pairTable } from './pairs.ts'

const pair = (nowCpu: number, beforeCpu: number): Pair => ({
  now: { messages: 1_000, seconds: 1, cpuSeconds: nowCpu },
  before: { messages: 1_000, seconds: 2, cpuSeconds: beforeCpu },
  floor: { messages: 1_000, seconds: 1, cpuSeconds: 0.5 },
})

it('takes 3 % more of a processor per message, and no more, by the median of the pairs', () => {
  expect(isNotSlower([pair(1.03, 1), pair(2, 1), pair(1, 2)])).toBe(true)
  expect(isNotSlower([pair(1.04, 1), pair(2, 1), pair(1, 2)])).toBe(false)
})

it('shows the medians of the ratios and the middle half of them, and both beside the bare script', () => {
  const pairs = [pair(1, 1), pair(0.9, 1), pair(0.5, 1), pair(2, 1), pair(1.1, 1)]
  const [, , line] = pairTable([{ name: 'commands', pairs }]).split('\n')
  const cells = (line ?? '').split('|').map((cell) => cell.trim())
  expect(cells.slice(1, -1)).toEqual([
    ...['commands', '2.00', '2.00–2.00', '1.00', '0.90–1.10', '1.0000'],
    ...['2.00', '2.00', 'ok'],
  ])
})
