import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import vm from 'node:vm'
import { expect, test } from 'vitest'

const LAUNCHER = join(import.meta.dirname, 'mailstorm.cjs')

test('an old Node is told its version, which one is needed, and how to get it', () => {
  const said: string[] = []
  const old = { versions: { node: '18.19.1' }, execPath: '/usr/bin/node', exitCode: 0 }
  const source = readFileSync(LAUNCHER, 'utf8').replace(/^#!.*/, '')
  // Syntax that an old Node cannot parse would fail before the version check could report it.
  expect(source).not.toMatch(/\b(?:const|let)\b|=>|`|\?\.|\?\?/)
  vm.runInNewContext(source, { process: old, console: { error: (text: string) => said.push(text) } })
  expect(said.join()).toMatch(/Node 18\.19\.1 \(\/usr\/bin\/node\) .* needs Node 24[\s\S]*npx mailstorm/)
  expect(old.exitCode).toBe(2)
})

test('the right Node runs the commands', () => {
  const { status, stdout } = spawnSync(process.execPath, [LAUNCHER, '--help'], { encoding: 'utf8' })
  expect(status).toBe(0)
  expect(stdout).toContain('Usage: mailstorm')
})
