import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { MailstormError } from '../error.ts'
import { nearest } from '../nearest.ts'
import { readOptions } from '../options.ts'
import { RUN_OPTIONS, type RunOptions, WORKLOAD_OPTIONS } from './run-options.ts'
import { copyResultAtExit } from './run-output.ts'
import { type Scenario, scenariosIn } from './scenarios.ts'

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
