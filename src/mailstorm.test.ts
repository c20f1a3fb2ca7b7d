import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import vm from 'node:vm'
import { expect, test } from 'vitest'

const LAUNCHER = join(import.meta.dirname, 'mailstorm.cjs')

test.for([
  ['18.19.1', '24.0'],
  ['22.11.0', '22.12'],
])('Node %s is told that %s is needed, and how to get it', ([node, needed]) => {
  const said: string[] = []
  const old = { versions: { node }, execPath: '/usr/bin/node', exitCode: 0 }
  // As the package is built: scripts/package/build.ts.
  const source = readFileSync(LAUNCHER, 'utf8').replace(/^#!.*/, '').replace("'24.0'", `'${needed}'`)
  // Syntax that an old Node cannot parse would fail before the version check could report it.
  expect(source).not.toMatch(/\b(?:const|let)\b|=>|`|\?\.|\?\?/)
  vm.runInNewContext(source, { process: old, console: { error: (text: string) => said.push(text) } })
  expect(said.join()).toContain(
    `it needs Node ${needed} or newer, and this is Node ${node} (/usr/bin/node).\nStart it as "npx mailstorm`,
  )
  expect(old.exitCode).toBe(2)
})

test('the right Node runs the commands', () => {
  const { status, stdout } = spawnSync(process.execPath, [LAUNCHER, '--help'], { encoding: 'utf8' })
  expect(status).toBe(0)
  expect(stdout).toContain('Usage: mailstorm')
})
