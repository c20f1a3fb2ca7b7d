import { relative, sep } from 'node:path'
import { mergeConfig, type Plugin, type ViteUserConfig } from 'vitest/config'
import type { Reporter } from 'vitest/node'
import { keptMetricsPort } from '../containers/keeper/state.ts'
import StressSequencer, { STRESS_RUNNER } from '../fixtures/sequencer.ts'
import BenchmarkReporter from '../reporters/benchmark-reporter.ts'
import GithubReporter from '../reporters/github-reporter.ts'
import GracefulInterrupt from '../reporters/graceful-interrupt.ts'
import JunitReporter from '../reporters/junit-reporter.ts'
import { keepReporters } from '../reporters/kept-reporters.ts'
import LiveViewReporter from '../reporters/live-view-reporter.ts'
import MetricsReporter from '../reporters/metrics-reporter.ts'
import ProbeReporter from '../reporters/probe-reporter.ts'
import ProgressReporter from '../reporters/progress-reporter.ts'
import ResultsReporter from '../reporters/results-reporter.ts'
import { MailstormError, USAGE_ERROR } from './error.ts'
import { type Options, readOptions } from './options/options.ts'
import { environment, isColorRefused } from './options/process-environment.ts'
import { requireNode } from './packages.ts'
import type { MetricsAddress } from './report/prometheus.ts'
import { pageFor, wrapText } from './report/terminal.ts'
import { readBaseline } from './results/baseline.ts'
import { ASKED_PROJECTS, askedProjects } from './run/spec/asked-projects.ts'
import { builtInFiles, builtInFolder, escapedGlob, nodeModulesBut } from './run/spec/scenarios.ts'

/**
 * What a repository sets or changes in {@link stressConfig}: any option of Vitest and Vite, and two of mailstorm's.
 */
export interface StressOverrides extends ViteUserConfig {
  /**
   * Globs of the files that register scenarios, from Vitest's root.
   *
   * @defaultValue every file that ends in `.stress.ts`, `.stress.mts`, `.stress.js` or `.stress.mjs`
   */
  readonly scenarios?: readonly string[]
  /**
   * Whether `-t burst` finds mailstorm's own scenarios (quick, burst, sustained, heavy, …) too. Without `-t` only those
   * of the repository run.
   *
   * @defaultValue `true`
   */
  readonly builtIn?: boolean
}

/**
 * The whole Vitest configuration of a stress run: one worker that waits for sender threads, mailstorm's runner and
 * order of scenarios, and the reporters that print and write results. Reads `STRESS_*` and the other variables of the
 * README's table.
 *
 * Options that are given are merged over it as by Vite's `mergeConfig`; reporters are added to mailstorm's. `test.projects`
 * takes the place of `scenarios`.
 *
 * @param overrides - what differs in this repository; nothing by default
 * @returns a configuration to export by default from `vitest.stress.config.ts`
 * @throws {@link MailstormError} with what is allowed, when an environment variable is unknown or bad, in an editor; on
 * the command line the process then ends with its message alone and exit code 2
 *
 * @example The configuration that `npx mailstorm init` writes.
 * ```ts
 * // vitest.stress.config.ts
 * import { stressConfig } from 'mailstorm/vitest'
 *
 * export default stressConfig()
 * ```
 *
 * @example As a project beside the unit tests of an existing configuration: `npx vitest run --project unit` leaves it out.
 * ```ts
 * // vitest.config.ts
 * import { defineConfig } from 'vitest/config'
 *
 * export default defineConfig({
 *   test: { projects: [{ test: { name: 'unit' } }, './vitest.stress.config.ts'] },
 * })
 * ```
 *
 * @example A reporter of one's own, and scenarios in another folder.
 * ```ts
 * export default stressConfig({
 *   scenarios: ['load/*.ts'],
 *   test: { reporters: [new LineReporter()] },
 * })
 * ```
 */
export function stressConfig(overrides: StressOverrides = {}): ViteUserConfig {
  const { scenarios = ['**/*.stress.{ts,mts,js,mjs}'], builtIn = true, ...own } = overrides
  const reporters = stressReporters(environment())
  const config: ViteUserConfig = {
    plugins: [keepReporters(reporters.kept), asProject()],
    test: {
      // The sockets live in threads of our own (src/engine/threads); Vitest's one worker only waits for them.
      pool: 'threads',
      isolate: false,
      maxWorkers: 1,
      fileParallelism: false,
      // Above the largest number of workers: no row may wait for another to end.
      maxConcurrency: 2_000,
      retry: 0,
      // Beside unit tests of the same run the figures would be theirs too.
      sequence: { sequencer: StressSequencer, groupOrder: 1_000 },
      env: { [ASKED_PROJECTS]: askedProjects(process.argv).join() },
      runner: STRESS_RUNNER,
      // Stopping the servers and fetching what they logged takes longer than unit tests need.
      teardownTimeout: 30_000,
      reporters: reporters.all,
      ...(own.test?.projects === undefined ? filesOf(scenarios, builtIn) : {}),
      // Node would load them once for all runs of a watching Vitest.
      server: { deps: { inline: [/[/\\]mailstorm[/\\]dist[/\\]suites[/\\]/] } },
    },
  }
  return mergeConfig(config, own)
}

/** Vitest's own exclusion of node_modules would leave out what comes with the package there. */
function filesOf(scenarios: readonly string[], builtIn: boolean) {
  const { asked, others } = builtInFiles(builtIn ? process.argv : [])
  if (asked.length === 0) return { include: [...scenarios], exclude: ['**/node_modules/**', '**/.git/**'] }
  return {
    include: [...scenarios, ...asked.map(globOf)],
    exclude: [...nodeModulesBut(fromHere(builtInFolder)), '**/.git/**', ...others.map(globOf)],
  }
}

interface StressReporters {
  readonly all: NonNullable<NonNullable<ViteUserConfig['test']>['reporters']>
  /** Those that stay when `--reporter` names others. */
  readonly kept: readonly Reporter[]
}

/** Vitest's own, for errors that have a place in a file; the job summary is ours. */
const ERRORS_IN_FILES: ['github-actions', { jobSummary: { enabled: boolean } }] = [
  'github-actions',
  { jobSummary: { enabled: false } },
]

function stressReporters(env: NodeJS.ProcessEnv): StressReporters {
  const options = checkedOptions(env)
  const { livePort } = options
  const metrics = metricsAddress(options, process.cwd())
  const kept = [
    // npm names its command to what it starts.
    new GracefulInterrupt({ endWithParent: env.npm_command !== undefined }),
    new ResultsReporter(),
    new ProbeReporter(),
    ...(livePort === undefined ? [] : [new LiveViewReporter({ port: livePort })]),
    new GithubReporter(),
    ...(metrics === undefined ? [] : [new MetricsReporter(metrics)]),
    ...(env.CI ? [new JunitReporter(), new BenchmarkReporter()] : []),
  ]
  const [interrupt, ...writers] = kept
  if (interrupt === undefined) throw new RangeError('there are always reporters')
  return {
    kept,
    all: [interrupt, new ProgressReporter(), ...writers, ...(env.CI ? [ERRORS_IN_FILES] : [])],
  }
}

/** In a configuration that has us as one of its projects, the order of files is not ours unless we say so. */
function asProject(): Plugin {
  return {
    name: 'mailstorm:as-project',
    configureVitest({ vitest }) {
      const { sequence } = vitest.config
      if (sequence.sequencer !== StressSequencer) sequence.sequencer = StressSequencer
    },
  }
}

function globOf(file: string): string {
  return escapedGlob(fromHere(file))
}

/** From the working directory, as globs have it. */
function fromHere(path: string): string {
  return relative(process.cwd(), path).split(sep).join('/')
}

/**
 * The options, for a Vitest configuration. On the command line a bad value, or a Node that is too old, ends the process
 * with its message alone and code 2, before anything is collected; an IDE gets the error to show.
 */
function checkedOptions(env: NodeJS.ProcessEnv): Options {
  try {
    requireNode()
    const options = readOptions(env)
    if (options.custom.baseline !== undefined) readBaseline(options.custom.baseline)
    return options
  } catch (error) {
    if (!(error instanceof MailstormError) || env.VITEST_VSCODE !== undefined) throw error
    process.stderr.write(`\n${wrapText(error.message, pageFor(process.stderr, isColorRefused()).width)}\n\n`)
    process.exit(USAGE_ERROR)
  }
}

/** Undefined when nobody wants to see them. */
function metricsAddress({ metrics }: Pick<Options, 'metrics'>, root: string): MetricsAddress | undefined {
  if (metrics !== undefined) return { ...metrics, asked: true }
  const port = keptMetricsPort(root)
  return port === undefined ? undefined : { host: '127.0.0.1', port, asked: false }
}
