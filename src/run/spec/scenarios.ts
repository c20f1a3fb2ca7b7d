// As a whole: Node 20, which stressConfig() refuses with a message, has no globSync to import by name.
import * as fs from 'node:fs'
import { join } from 'node:path'
import { sourcesRoot } from '../../packages.ts'
import { asksFor } from './asked-projects.ts'

export interface Scenario {
  readonly name: string
  /** Absolute path of its suite. */
  readonly file: string
}

/** Folder of the suites that come with mailstorm. */
export const builtInFolder: string = join(sourcesRoot, 'suites')

/** Suites are data: a call at the beginning of a line names a scenario in its first argument. */
const REGISTRATION = /^\w+\(\s*['"]([\w.-]+)['"]/gm

/** The scenarios that come with mailstorm, by name, without running their code. */
export function builtInScenarios(): Scenario[] {
  return scenariosIn(
    fs.globSync('**/*.stress.{ts,js}', { cwd: builtInFolder }).map((path) => join(builtInFolder, path)),
  )
}

/** The scenarios in suites, by name. */
export function scenariosIn(files: readonly string[]): Scenario[] {
  return files
    .flatMap((file) => {
      const source = fs.readFileSync(file, 'utf8')
      return [...source.matchAll(REGISTRATION)].map(([, name = '']) => ({ name, file }))
    })
    .toSorted((a, b) => a.name.localeCompare(b.name))
}

/** The built-in suites, split by whether `-t` asks for something in them; without `-t` none is asked for. */
export function builtInFiles(argv: readonly string[]): {
  readonly asked: string[]
  readonly others: string[]
} {
  const pattern = namePattern(argv)
  const scenarios = builtInScenarios()
  const asked = scenarios.filter(({ name }) => pattern !== undefined && asksFor(pattern, name))
  const files = new Set(asked.map(({ file }) => file))
  return { asked: [...files], others: scenarios.map(({ file }) => file).filter((file) => !files.has(file)) }
}

/**
 * Globs for everything in any `node_modules` except one folder. pnpm keeps a package in
 * `node_modules/.pnpm/…/node_modules`, links to it from elsewhere, and leaves earlier installations beside it:
 * only the folder's real path is left to search.
 *
 * @param folder relative to the searched folder, with `/` as separator
 */
export function nodeModulesBut(folder: string): string[] {
  const parts = folder.split('/')
  const first = parts.indexOf('node_modules')
  // Folders above are not searched.
  if (first === -1 || parts[0] === '..') return ['**/node_modules/**']
  return parts.flatMap((part, depth) => {
    const before = parts.slice(0, depth).map((name) => `${escapedGlob(name)}/`)
    const siblings = `${before.join('')}!(${escapedGlob(part)})`
    if (depth > first) return [`${siblings}/**`]
    const beside = `${siblings}/**/node_modules/**`
    return depth === first ? [beside] : [beside, `${before.join('')}node_modules/**`]
  })
}

/** A path as a glob that matches nothing else. */
export function escapedGlob(path: string): string {
  return path.replaceAll(/[()[\]{}!*?@+\\]/g, '\\$&')
}

/**
 * The value of `-t`, `--testNamePattern` or `--test-name-pattern`; undefined when it is not a valid pattern.
 */
export function namePattern(argv: readonly string[]): RegExp | undefined {
  for (const [index, argument] of argv.entries()) {
    const [, joined] = /^(?:-t|--testNamePattern|--test-name-pattern)(?:=(.*))?$/s.exec(argument) ?? []
    const value =
      joined ??
      (/^(?:-t|--testNamePattern|--test-name-pattern)$/.test(argument) ? argv[index + 1] : undefined)
    if (value === undefined) continue
    try {
      return new RegExp(value)
    } catch {
      // Vitest reports what is wrong with it.
      return undefined
    }
  }
  return undefined
}
