import { defineConfig } from 'vitest/config'
import StressSequencer from './fixtures/sequencer.ts'

export default defineConfig({
  test: {
    pool: 'threads',
    isolate: false,
    maxWorkers: 1,
    fileParallelism: false,
    // Above the largest number of workers: no row may wait for another to end.
    maxConcurrency: 2_000,
    retry: 0,
    sequence: { sequencer: StressSequencer },
    runner: './fixtures/runner.ts',
    reporters: ['default'],
    projects: [{ extends: true, test: { name: 'smtp', include: ['suites/smtp/*.stress.ts'] } }],
  },
})
