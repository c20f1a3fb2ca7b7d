import { defineConfig } from 'vitest/config'
import { keptMetricsPort } from './containers/keeper/state.ts'
import StressSequencer from './fixtures/sequencer.ts'
import BenchmarkReporter from './reporters/benchmark-reporter.ts'
import GithubReporter from './reporters/github-reporter.ts'
import GracefulInterrupt from './reporters/graceful-interrupt.ts'
import JunitReporter from './reporters/junit-reporter.ts'
import { keepReporters } from './reporters/kept-reporters.ts'
import LiveViewReporter from './reporters/live-view-reporter.ts'
import MetricsReporter from './reporters/metrics-reporter.ts'
import ProbeReporter from './reporters/probe-reporter.ts'
import ProgressReporter from './reporters/progress-reporter.ts'
import ResultsReporter from './reporters/results-reporter.ts'
import { MailstormError, USAGE_ERROR } from './src/error.ts'
import { type Options, readOptions } from './src/options/options.ts'
import type { MetricsAddress } from './src/report/prometheus.ts'
import { pageFor, wrapText } from './src/report/terminal.ts'
import { readBaseline } from './src/results/baseline.ts'
import { ASKED_PROJECTS, askedProjects } from './src/run/spec/asked-projects.ts'

const options = checkedOptions(process.env)
const { livePort } = options
const metrics = metricsAddress(options, process.cwd())

/** Vitest's own, for errors that have a place in a file; the job summary is ours. */
const errorsInFiles: ['github-actions', { jobSummary: { enabled: boolean } }] = [
  'github-actions',
  { jobSummary: { enabled: false } },
]

// npm names its command to what it starts.
const gracefulInterrupt = new GracefulInterrupt({ endWithParent: process.env.npm_command !== undefined })
const writers = [
  new ResultsReporter(),
  new ProbeReporter(),
  ...(livePort === undefined ? [] : [new LiveViewReporter({ port: livePort })]),
  new GithubReporter(),
  ...(metrics === undefined ? [] : [new MetricsReporter(metrics)]),
  ...(process.env.CI ? [new JunitReporter(), new BenchmarkReporter()] : []),
]

export default defineConfig({
  plugins: [keepReporters([gracefulInterrupt, ...writers])],
  test: {
    // The sockets live in threads of our own (src/engine/threads); Vitest's one worker only waits for them.
    pool: 'threads',
    isolate: false,
    maxWorkers: 1,
    fileParallelism: false,
    // Above the largest number of workers: no row may wait for another to end.
    maxConcurrency: 2_000,
    retry: 0,
    env: { [ASKED_PROJECTS]: askedProjects(process.argv).join() },
    sequence: { sequencer: StressSequencer },
    runner: './fixtures/runner.ts',
    // Stopping the servers and fetching what they logged takes longer than unit tests need.
    teardownTimeout: 30_000,
    reporters: [
      gracefulInterrupt,
      new ProgressReporter(),
      ...writers,
      ...(process.env.CI ? [errorsInFiles] : []),
    ],
    projects: [
      {
        extends: true,
        test: {
          name: 'smtp',
          include: [
            'suites/smtp/*.stress.ts',
            'suites/smtp/examples/*.stress.ts',
            'suites/smtp/faults/*.stress.ts',
          ],
        },
      },
      { extends: true, test: { name: 'proxy', include: ['suites/proxy/*.stress.ts'] } },
    ],
  },
})

/**
 * The options, for a Vitest configuration. On the command line a bad value ends the process with its
 * message alone and code 2, before anything is collected; an IDE gets the error to show.
 */
function checkedOptions(env: NodeJS.ProcessEnv): Options {
  try {
    const options = readOptions(env)
    if (options.custom.baseline !== undefined) readBaseline(options.custom.baseline)
    return options
  } catch (error) {
    if (!(error instanceof MailstormError) || env.VITEST_VSCODE !== undefined) throw error
    process.stderr.write(`\n${wrapText(error.message, pageFor(process.stderr, env).width)}\n\n`)
    process.exit(USAGE_ERROR)
  }
}

/** Undefined when nobody wants to see them. */
function metricsAddress({ metrics }: Pick<Options, 'metrics'>, root: string): MetricsAddress | undefined {
  if (metrics !== undefined) return { ...metrics, asked: true }
  const port = keptMetricsPort(root)
  return port === undefined ? undefined : { host: '127.0.0.1', port, asked: false }
}
