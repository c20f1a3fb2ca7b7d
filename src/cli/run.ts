import { copyFileSync, existsSync, globSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { errorText, MailstormError } from '../error.ts'
import { readOptions } from '../options/options.ts'
import { environment } from '../options/process-environment.ts'
import { sourcesRoot } from '../packages.ts'
import { textAt } from '../results/fields.ts'
import { LATEST } from '../results/store.ts'
import { builtInScenarios, type Scenario, scenariosIn } from '../run/spec/scenarios.ts'
import { nearest } from '../text/nearest.ts'
import { RUN_OPTIONS, type RunOptions, WORKLOAD_OPTIONS } from './run-options.ts'

const require = createRequire(import.meta.url)

/**
 * Turns this process into the Vitest run of one scenario, so that its terminal, signals and exit code are those
 * of the run.
 */
export async function run(name: string, options: RunOptions): Promise<void> {
  const scenario = scenarioNamed(name)
  const env = { ...environment(), ...variablesOf(options) }
  // Check before Vitest starts, with errors that name the variables.
  const { resultsDir } = readOptions(env)
  Object.assign(environment(), env, { STRESS_RESULTS_DIR: resolve(resultsDir) })
  if (options.output?.endsWith('.json') === true)
    copyResultAtExit({ folder: resolve(resultsDir), scenario: name, output: resolve(options.output) })
  process.argv = [process.execPath, 'vitest', ...vitestArguments(scenario)]
  await import(pathToFileURL(join(dirname(require.resolve('vitest/package.json')), 'vitest.mjs')).href)
}

function vitestArguments({ name, file, config }: KnownScenario): string[] {
  // Rows are titled "<scenario> > worker 1"; `burst` must not also run scenarios whose name begins with it.
  const pattern = `^${name.replaceAll('.', '\\.')}( |$)`
  return ['run', '--root', process.cwd(), '--config', config, '-t', pattern, file]
}

interface KnownScenario extends Scenario {
  /** The Vitest configuration to run with. */
  readonly config: string
}

function scenarioNamed(name: string): KnownScenario {
  const scenarios = knownScenarios(process.cwd())
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

const CONFIGS = ['ts', 'mts', 'js', 'mjs'].map((extension) => `vitest.stress.config.${extension}`)

/** The repository's own scenarios, which take precedence over those that come with mailstorm. */
function knownScenarios(folder: string): KnownScenario[] {
  const ours = fileURLToPath(new URL('./stress.config.ts', import.meta.url))
  const builtIn = builtInScenarios().map((scenario) => ({ ...scenario, config: ours }))
  if (folder === sourcesRoot) return builtIn
  const config = CONFIGS.map((name) => join(folder, name)).find((path) => existsSync(path)) ?? ours
  const own = ownScenarios(folder).map((scenario) => ({ ...scenario, config }))
  const names = new Set(own.map(({ name }) => name))
  return [...own, ...builtIn.filter(({ name }) => !names.has(name))]
}

function ownScenarios(folder: string): Scenario[] {
  const exclude = (name: string) => name === 'node_modules' || name.startsWith('.git')
  const files = globSync('**/*.stress.{ts,mts,js,mjs}', { cwd: folder, exclude })
  return scenariosIn(files.map((file) => join(folder, file)))
}

function variablesOf(options: RunOptions): Record<string, string> {
  const all = Object.entries({ ...WORKLOAD_OPTIONS, ...RUN_OPTIONS })
  const variables = all.flatMap(([option, [variable]]): [string, string][] => {
    // Commander's name of the option: messagesPerSession.
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
 * Copies the result of the following run when this process ends, for whatever reason. Synchronous, because
 * nothing asynchronous runs at exit.
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
    // Not there yet: the run creates it.
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
