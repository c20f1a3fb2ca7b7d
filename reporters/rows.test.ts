import { expect, test } from 'vitest'
import { closingLine, groupFailedRows, groupTitle, messageLines, saidByMessage, saysItAll } from './rows.ts'

const refused = { name: 'MailstormError', message: 'connect refused' }
const timeout = { name: 'MailstormError', message: 'no reply' }

test('tells of rows that failed for the same reasons once', () => {
  const groups = groupFailedRows([
    { name: 'worker 1', errors: [refused] },
    { name: 'worker 2', errors: [timeout] },
    { name: 'worker 3', errors: [refused] },
    { name: 'worker 4', errors: [refused, timeout] },
  ])
  expect(groups.map(groupTitle)).toEqual(['worker 1, and 1 further row', 'worker 2', 'worker 4'])
  expect(groups.map(({ errors }) => errors)).toEqual([[refused], [timeout], [refused, timeout]])
})

test.for([
  ['an error of ours', refused, true],
  ['an assertion with a message of its own', { name: 'AssertionError', message: 'p(99)<5 — was 9 ms' }, true],
  [
    'an assertion with a difference to show',
    { name: 'AssertionError', message: '', diff: '- 1\n+ 2' },
    false,
  ],
  ['a mistake in the code', { name: 'TypeError', message: 'x is not a function' }, false],
] as const)('%s', ([, error, expected]) => {
  expect(saysItAll(error)).toBe(expected)
})

test.for([
  [
    { passed: 54, failed: 0, skipped: 0, stopped: 0, seconds: 4.21 },
    'green',
    '✓ burst: 54 rows passed, 4.21 s',
  ],
  [
    { passed: 1, failed: 2, skipped: 4, stopped: 3, seconds: 4.21 },
    'red',
    '✗ burst: 1 row passed, 2 failed, 4 skipped, 3 stopped, 4.21 s',
  ],
  [
    { passed: 3, failed: 0, skipped: 2, stopped: 0, seconds: 1 },
    'green',
    '✓ burst: 3 rows passed, 2 skipped, 1.00 s',
  ],
  [
    { passed: 0, failed: 0, skipped: 0, stopped: 4, seconds: undefined },
    'yellow',
    '■ burst: 0 rows passed, 4 stopped',
  ],
] as const)('closes a scenario with %o', ([rows, style, text]) => {
  expect(closingLine('burst', rows)).toEqual({ style, text })
})

test('says nothing of a scenario of which no row ran', () => {
  expect(
    closingLine('burst', { passed: 0, failed: 0, skipped: 0, stopped: 0, seconds: undefined }),
  ).toBeUndefined()
})

test('what a server said in a failed row steers no terminal and fits it', () => {
  const error = { name: 'MailstormError', message: `550 no\u001b[2J\u202e\n  ${'word '.repeat(30)}` }
  const lines = messageLines(error, 80).split('\n')
  expect(lines.slice(0, 2)).toEqual(['      550 no', `        ${'word '.repeat(14).trim()}`])
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80)
  expect(groupTitle({ names: ['worker \u001b]0;x\u0007 1'], errors: [] })).toBe('worker  1')
})

test('a threshold that was missed is told once', () => {
  const missed = { name: 'AssertionError', message: 'p(99)<5 — was 9 ms' }
  expect(saidByMessage({ names: ['p(99)<5'], errors: [missed] })).toBe(true)
  expect(saidByMessage({ names: ['worker 1'], errors: [refused] })).toBe(false)
  expect(saidByMessage({ names: ['p(99)<5', 'p(99)<5'], errors: [missed] })).toBe(false)
})
