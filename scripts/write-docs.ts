import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { withOptionsTable } from './options-table.ts'

const path = join(import.meta.dirname, '../README.md')
await writeFile(path, withOptionsTable(await readFile(path, 'utf8')))
