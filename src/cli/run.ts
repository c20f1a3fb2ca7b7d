import { copyFileSync, existsSync, globSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { errorText, MailstormError } from '../error.ts'
import { nearest } from '../nearest.ts'
import { readOptions } from '../options/options.ts'
import { environment } from '../options/process-environment.ts'
import { sourcesRoot } from '../packages.ts'
import { textAt } from '../results/fields.ts'
import { LATEST } from '../results/store.ts'
import { builtInScenarios, type Scenario, scenariosIn } from '../run/spec/scenarios.ts'
import { RUN_OPTIONS, type RunOptions, WORKLOAD_OPTIONS } from './run-options.ts'

const require = createRequire(import.meta.url)

/**
 * Becomes the Vitest run of one scenario: in this very process, so that its terminal, its signals and
 * its exit code are the run's own.
 */
export async function run(name: string, options: RunOptions): Promise<void> {
  const scenario = scenarioNamed(name)
  const env = { ...environment(), ...variablesOf(options) }
  // Said before Vitest starts, in the words of the environment.
  const { resultsDir } = readOptions(env)
  Object.assign(environment(), env, { STRESS_RESULTS_DIR: resolve(resultsDir) })
  if (options.output?.endsWith('.json') === true)
    copyResultAtExit({ folder: resolve(resultsDir), scenario: name, output: resolve(options.output) })
  process.argv = [process.execPath, 'vitest', ...vitestArguments(scenario)]
  await import(pathToFileURL(join(dirname(require.resolve('vitest/package.json')), 'vitest.mjs')).href)
}

function vitestArguments({ name, file, config }: KnownScenario): string[] {
  // Rows are called "<scenario> > worker 1"; `burst` must not also run a scenario whose name begins with it.
  const pattern = `^${name.replaceAll('.', '\\.')}( |$)`
  return ['run', '--root', process.cwd(), '--config', config, '-t', pattern, file]
}

interface KnownScenario extends Scenario {
  /** The Vitest configuration that it runs with. */
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

/** Those of the repository in the working directory, which go before those that come with mailstorm. */
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
