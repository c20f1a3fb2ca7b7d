import { expect, test } from 'vitest'
import { left, right } from './block.ts'
import { type ListColumn, listLines } from './table.ts'

type Row = readonly [string, string, string]
const COLUMNS: readonly ListColumn<Row>[] = [
  { ...left('name'), rank: 0, cell: ([name]) => name },
  { ...right('least'), rank: 9, cell: ([, least]) => least },
  { ...right('more'), rank: 1, cell: ([, , more]) => more },
]
const ROWS: readonly Row[] = [
  ['a-long-name', '1', '22'],
  ['b', '333333', '4'],
]

test('in a pipe every column stands, however wide', () => {
  expect(listLines(COLUMNS, ROWS)).toEqual([
    'name          least  more',
    'a-long-name       1    22',
    'b            333333     4',
  ])
})

test('a narrow terminal loses the least important columns first', () => {
  expect(listLines(COLUMNS, ROWS, 25)).toHaveLength(3)
  expect(listLines(COLUMNS, ROWS, 24)).toEqual([
    'name         more',
    'a-long-name    22',
    'b               4',
  ])
  expect(listLines(COLUMNS, ROWS, 12)).toEqual(['name', 'a-long-name', 'b'])
})

test('what still does not fit is cut, and says so', () => {
  expect(listLines(COLUMNS, ROWS, 6)).toEqual(['name', 'a-lon…', 'b'])
})
