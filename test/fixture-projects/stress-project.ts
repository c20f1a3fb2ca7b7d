import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

const ROOT = join(import.meta.dirname, '../..')

/** As vitest.stress.config.ts runs suites, as far as these reporters, and this runner, can see. */
export function stressProject(root: string, reporters: readonly string[], runner?: string) {
  return defineConfig({
    root,
    test: {
      include: ['*.stress.ts'],
      pool: 'threads',
      isolate: false,
      maxWorkers: 1,
      maxConcurrency: 100,
      retry: 0,
      ...(runner === undefined ? {} : { runner: join(ROOT, 'fixtures', `${runner}.ts`) }),
      reporters: reporters.map((name) => [
        join(ROOT, 'reporters', `${name}.ts`),
        name === 'graceful-interrupt' ? { endWithParent: process.env.npm_command !== undefined } : {},
      ]),
    },
  })
}
