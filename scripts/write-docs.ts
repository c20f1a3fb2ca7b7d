import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { architectureSvg } from './draw-architecture.ts'
import { withOptionsTable } from './options-table.ts'
import { apiPage, apiReports } from './package/api.ts'
import { serversPages } from './wild/docs/pages.ts'

/** Writes what of the docs is made from the code; with `--check` it only says what is out of date. */

const ROOT = join(import.meta.dirname, '..')
const check = process.argv.includes('--check')

await put('README.md', async (old) => withOptionsTable(old))
await put('docs/architecture.svg', architectureSvg)
for (const [name, text] of await serversPages()) await put(name, async () => text)

// They take half a minute; test/package/api.check.ts compares them.
if (!check) {
  for (const [name, text] of apiReports(ROOT)) await put(`docs/api/${name}`, async () => text)
  await put('docs/api.md', () => apiPage(ROOT))
}

async function put(name: string, made: (old: string) => Promise<string>): Promise<void> {
  const path = join(ROOT, name)
  const old = await readFile(path, 'utf8').catch(() => '')
  const now = await made(old)
  if (now === old) return
  if (!check) return writeFile(path, now)
  console.error(`${name} is out of date: npm run docs writes it anew.`)
  process.exitCode = 1
}
