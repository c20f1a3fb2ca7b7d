import { defineConfig } from 'vitest/config'
import { checkedOptions } from './fixtures/checked-options.ts'
import StressSequencer from './fixtures/sequencer.ts'
import GithubReporter from './reporters/github-reporter.ts'
import GracefulInterrupt from './reporters/graceful-interrupt.ts'
import ProgressReporter from './reporters/progress-reporter.ts'
import ResultsReporter from './reporters/results-reporter.ts'

const { resultsDir } = checkedOptions(process.env)

export default defineConfig({
  test: {
    // The sockets live in threads of our own (src/threads); Vitest's one worker only waits for them.
    pool: 'threads',
    isolate: false,
    maxWorkers: 1,
    fileParallelism: false,
    // Above the largest number of workers: no row may wait for another to end.
    maxConcurrency: 2_000,
    retry: 0,
    sequence: { sequencer: StressSequencer },
    runner: './fixtures/runner.ts',
    // Stopping the servers and fetching what they logged takes longer than unit tests need.
    teardownTimeout: 30_000,
    reporters: [
      new GracefulInterrupt(),
      new ProgressReporter(),
      new ResultsReporter(),
      new GithubReporter(),
      ...(process.env.CI ? (['github-actions', 'junit'] as const) : []),
    ],
    outputFile: { junit: `${resultsDir}/junit.xml` },
    projects: [{ extends: true, test: { name: 'smtp', include: ['suites/smtp/*.stress.ts'] } }],
  },
})
