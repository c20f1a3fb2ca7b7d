import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

const reporters = join(import.meta.dirname, '../../../reporters')

/** As vitest.stress.config.ts runs suites, as far as the reporters can see. */
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
    reporters: ['graceful-interrupt', 'progress-reporter', 'results-reporter', 'github-reporter'].map(
      (name) => join(reporters, `${name}.ts`),
    ),
  },
})
