import { copyFileSync, globSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { errorText, MailstormError } from '../error.ts'
import { nearest } from '../nearest.ts'
import { readOptions } from '../options/options.ts'
import { textAt } from '../results/fields.ts'
import { LATEST } from '../results/store.ts'
import { RUN_OPTIONS, type RunOptions, WORKLOAD_OPTIONS } from './run-options.ts'

const ROOT = join(import.meta.dirname, '../..')

/**
 * Becomes the Vitest run of one scenario: in this very process, so that its terminal, its signals and
 * its exit code are the run's own.
 */
export async function run(name: string, options: RunOptions): Promise<void> {
  const scenario = scenarioNamed(name)
  const env = { ...process.env, ...variablesOf(options) }
  // Said before Vitest starts, in the words of the environment.
  const { resultsDir } = readOptions(env)
  Object.assign(process.env, env, { STRESS_RESULTS_DIR: resolve(resultsDir) })
  if (options.output?.endsWith('.json') === true)
    copyResultAtExit({ folder: resolve(resultsDir), scenario: name, output: resolve(options.output) })
  process.argv = [process.execPath, 'vitest', ...vitestArguments(scenario)]
  await import(pathToFileURL(join(ROOT, 'node_modules/vitest/vitest.mjs')).href)
}

function vitestArguments({ name, file }: Scenario): string[] {
  const config = join(ROOT, 'vitest.stress.config.ts')
  // Rows are called "<scenario> > worker 1"; `burst` must not run what only begins so.
  const pattern = `^${name.replaceAll('.', '\\.')}( |$)`
  return ['run', '--root', ROOT, '--config', config, '-t', pattern, file]
}

function scenarioNamed(name: string): Scenario {
  const scenarios = scenariosIn(ROOT)
  const found = scenarios.find((scenario) => scenario.name === name)
  if (found !== undefined) return found
  const names = scenarios.map((scenario) => scenario.name)
  const meant = nearest(name, names)
  throw new MailstormError(
    'UNKNOWN_SCENARIO',
    `Failed to run "${name}": there is no such scenario.${meant === undefined ? '' : ` Did you mean ${meant}?`}`,
    `There are: ${names.join(', ')}.`,
  )
}

function variablesOf(options: RunOptions): Record<string, string> {
  const all = Object.entries({ ...WORKLOAD_OPTIONS, ...RUN_OPTIONS })
  const variables = all.flatMap(([option, [variable]]): [string, string][] => {
    // As commander names it: messagesPerSession.
    const value = options[option.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase())]
    return value === undefined ? [] : [[variable, value]]
  })
  const { output } = options
  if (output !== undefined && !output.endsWith('.json')) variables.push(['STRESS_RESULTS_DIR', output])
  return Object.fromEntries(variables)
}

interface RunOutput {
  readonly folder: string
  readonly scenario: string
  /** Path of the copy. */
  readonly output: string
}

/**
 * Copies the result of the run that follows when this process ends, whatever ended it. Synchronous:
 * nothing else is done at that time.
 */
function copyResultAtExit(wanted: RunOutput): void {
  const before = new Set(resultNames(wanted.folder))
  process.once('exit', () => {
    const written = resultNames(wanted.folder)
      .filter((name) => !before.has(name))
      .filter((name) => scenarioOf(join(wanted.folder, name)) === wanted.scenario)
    const [only] = written
    if (only === undefined || written.length > 1) {
      console.error(notCopied(wanted, written))
      process.exitCode ||= 1
      return
    }
    try {
      copyFileSync(join(wanted.folder, only), wanted.output)
      console.log(`Copied to ${wanted.output}`)
    } catch (error) {
      console.error(`Failed to copy ${only} to ${wanted.output}: ${errorText(error)}`)
      process.exitCode ||= 1
    }
  })
}

function resultNames(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith('.json') && name !== LATEST)
  } catch {
    // Not there yet: the run makes it.
    return []
  }
}

function scenarioOf(path: string): string | null {
  try {
    return textAt(JSON.parse(readFileSync(path, 'utf8')), 'scenario')
  } catch {
    // Not a result, or one that another run is replacing.
    return null
  }
}

function notCopied({ folder, output }: RunOutput, written: readonly string[]): string {
  if (written.length === 0) return `Nothing to copy to ${output}: the run wrote no result.`
  return `Not copied to ${output}: the scenario wrote ${written.length} results, ${written.join(', ')} in ${folder}.`
}

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
