import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

const root = join(import.meta.dirname, '../../..')

/** As vitest.stress.config.ts runs suites, with suites that go wrong. */
// biome-ignore lint/style/noDefaultExport: Vitest loads it
export default defineConfig({
  root: import.meta.dirname,
  test: {
    include: ['*.stress.ts'],
    pool: 'threads',
    isolate: false,
    maxWorkers: 1,
    maxConcurrency: 100,
    retry: 0,
    runner: join(root, 'fixtures/runner.ts'),
    reporters: ['progress-reporter', 'results-reporter'].map((name) => join(root, 'reporters', `${name}.ts`)),
  },
})
