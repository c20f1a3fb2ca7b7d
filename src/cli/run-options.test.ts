import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { VARIABLES } from '../options/environment.ts'
import { LOAD_VARIABLES } from '../options/load.ts'
import { sourcesRoot } from '../packages.ts'
import { RUN_OPTIONS, WORKLOAD_OPTIONS } from './run-options.ts'

test('run --help says of each option what its variable means and allows, as the README does', () => {
  const help = execFileSync(process.execPath, [join(sourcesRoot, 'src/cli.ts'), 'run', '--help'], {
    encoding: 'utf8',
  })
  const inOneLine = help.replaceAll(/\s+/g, ' ').toLowerCase()
  for (const [variable] of Object.values({ ...WORKLOAD_OPTIONS, ...RUN_OPTIONS })) {
    const { meaning, allowed } = VARIABLES.find(({ name }) => name === variable) ?? {}
    const said = `${meaning?.replace(/\.$/, '')} (${variable}: ${allowed})`
    expect(inOneLine).toContain(said.toLowerCase())
  }
})

test('every variable of the load is an option, but for a login, which a list of processes would show', () => {
  const options: readonly string[] = Object.values(WORKLOAD_OPTIONS).map(([variable]) => variable)
  expect(LOAD_VARIABLES.filter((variable) => !options.includes(variable))).toEqual([
    'STRESS_AUTH_USER',
    'STRESS_AUTH_PASS',
    'STRESS_AUTH_TOKEN_FILE',
    'STRESS_AUTH_TOKEN_COMMAND',
    'STRESS_AUTH_MECHANISM',
  ])
})
