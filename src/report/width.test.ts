import { expect, test } from 'vitest'
import { left, right } from './block.ts'
import { textTable } from './table.ts'
import { columnsOf, cutToColumns, padded, wrapLine } from './terminal.ts'

test('wide characters take two columns, combining ones and colours none', () => {
  expect(columnsOf('受信者')).toBe(6)
  expect(columnsOf('e\u0301')).toBe(1)
  expect(columnsOf('\u001b[31mred\u001b[39m')).toBe(3)
  expect(padded('受信', 6, 'right')).toBe('  受信')
})

test.for([
  ['fits', 'exact', 5, 'exact'],
  ['is cut', 'exactly', 5, 'exac…'],
  ['is cut before a wide character that has no room', '受信者', 4, '受…'],
  ['is never cut inside of a character', 'ab👩‍👩‍👧cd', 4, 'ab…'],
  ['leaves nothing', 'abc', 0, ''],
] as const)('a line %s', ([, line, width, expected]) => {
  expect(cutToColumns(line, width)).toBe(expected)
})

test('a long line hangs behind its label, else below its beginning', () => {
  expect(wrapLine('  Ledger:   one two three', 20)).toEqual(['  Ledger:   one two', '            three'])
  expect(wrapLine('one two three four', 10)).toEqual(['one two', '  three', '  four'])
  expect(wrapLine('x'.repeat(25), 10)).toEqual([
    'x'.repeat(8),
    `  ${'x'.repeat(8)}`,
    `  ${'x'.repeat(8)}`,
    '  x',
  ])
  expect(wrapLine('one two', undefined)).toEqual(['one two'])
})

test('columns that have no room follow below, each row with its head', () => {
  const columns = [left('name'), right('first'), right('second')]
  expect(textTable(columns, [['a', '11', '22']], 12)).toEqual([
    'name  first',
    'a        11',
    '',
    'name  second',
    'a         22',
  ])
})
