import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { withOptionsTable } from './options-table.ts'

test('the README has every option as it is now (else: npm run docs)', async () => {
  const readme = await readFile(join(import.meta.dirname, '../README.md'), 'utf8')
  expect(withOptionsTable(readme)).toBe(readme)
  expect(readme).toContain('`STRESS_MESSAGES_PER_SESSION`')
})
