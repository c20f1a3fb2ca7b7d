import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Scenario {
  readonly name: string
  /** Of its suite, from the project's root. */
  readonly file: string
}

/** Suites are data: a scenario is what a call at the beginning of a line names first. */
const REGISTRATION = /^\w+\(\s*'([\w.-]+)'/gm

/** The scenarios of all suites, by name, without running any code of theirs. */
export function scenariosIn(root: string): Scenario[] {
  const files = globSync('suites/**/*.stress.ts', { cwd: root })
  return files
    .flatMap((file) => {
      const source = readFileSync(join(root, file), 'utf8')
      return [...source.matchAll(REGISTRATION)].map(([, name = '']) => ({ name, file }))
    })
    .toSorted((a, b) => a.name.localeCompare(b.name))
}
