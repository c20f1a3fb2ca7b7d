import { expect, test } from 'vitest'
import { left, right } from './block.ts'
import { textTable } from './table.ts'

test('a table of 200,000 rows has columns as wide as their widest cell', () => {
  const rows = Array.from({ length: 200_000 }, (_, n) => [`run ${n}`, String(n)])
  const lines = textTable([left('Name'), right('Count')], rows)
  expect(lines).toHaveLength(200_001)
  expect(new Set(lines.map((line) => line.length))).toEqual(new Set([18]))
})
