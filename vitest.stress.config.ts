import { defineConfig } from 'vitest/config'
import { ASKED_PROJECTS, askedProjects } from './fixtures/asked-projects.ts'
import { checkedOptions } from './fixtures/checked-options.ts'
import { metricsAddress } from './fixtures/metrics-address.ts'
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
