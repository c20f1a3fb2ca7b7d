import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

/** Those of the mail proxy, on one PostgreSQL. */
const PROXY = 'test/{pressure,proxy}/**/*.test.ts'

/** Against programs that are not ours; without them they skip themselves, with the reason. */
const REAL = 'test/{genro,kubernetes,mailhog,monitoring,wild}/**/*.test.ts'

/** Figures of these do not depend on what else the machine does. */
const PARTS = [
  'test/{faults,figures,guide,probe,recipes,report}/**/*.test.ts',
  'test/analysis/**/*.test.ts',
  'test/docker/no-engine.test.ts',
  'test/e2e/{bad-input,corpus,credentials,names,overrides,own-metrics,services,verdicts,whole-run}.test.ts',
  'test/executors/{generators,scenarios}.test.ts',
  'test/truth/{chunks,corpus,ends,levels,misbehaving,outcomes,random-bodies,received,session-end,session-limit}.test.ts',
]

/**
 * What measures memory or CPU time of its process, or has a container engine: a process of its own, beside nothing else.
 */
const ALONE = [
  'src/programs/sink/memory.test.ts',
  'src/report/html/files.test.ts',
  'test/docker/!(no-engine).test.ts',
]

/** No test connects to another machine; those with container engines have networks of their own. */
const FENCED = { setupFiles: ['test/no-way-out.ts'] }

/** All that may run beside each other. */
const TOGETHER = {
  ...FENCED,
  // No file leaves anything behind that another one sees; a process for each would cost a third of a second of CPU time.
  isolate: false,
  // Many wait: more of them than the two cores of a small machine.
  maxWorkers: 4,
  sequence: { groupOrder: 1 },
}

// Workers and the programs that tests start read compiled code instead of compiling it: half of the CPU time of a start.
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, 'node_modules/.cache/node')

declare module 'vitest' {
  interface TestTags {
    tags: 'long'
  }
}

/**
 * Unit, contract and truth tests. `npm test` leaves out what is tagged long; `npx vitest run` runs all. The stress
 * runs themselves: vitest.stress.config.ts.
 */
export default defineConfig({
  test: {
    // On a busy machine a whole run boots for many seconds.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Tests that run beside each other in a file wait for servers that do not answer.
    maxConcurrency: 20,
    // A poll ends when it is true; Vitest's own limit of a second is short for a busy machine.
    expect: { poll: { timeout: 30_000 } },
    coverage: {
      include: ['{src,containers,fixtures,reporters}/**/*.ts'],
      exclude: ['**/*.{test,fixture,contract}.ts', 'src/report/html/browser/**'],
      reportsDirectory: 'results/coverage',
      reporter: ['text-summary', 'html', 'json-summary'],
      // One test that fails costs ten minutes, and says little of what the others reach.
      reportOnFailure: true,
    },
    reporters: process.env.CI ? ['default', 'github-actions'] : ['default'],
    tags: [{ name: 'long', description: 'Takes long; has a shorter sibling. npm test leaves it out.' }],
    projects: [
      { extends: true, test: { name: 'parts', include: PARTS, ...TOGETHER } },
      {
        extends: true,
        test: { name: 'proxy', include: [PROXY], globalSetup: 'test/proxy/shared-postgres.ts', ...TOGETHER },
      },
      // Isolated: what programs that are not ours do to a process is not known.
      { extends: true, test: { name: 'real', include: [REAL], ...TOGETHER, setupFiles: [], isolate: true } },
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['{src,containers,fixtures,reporters,scripts,bench}/**/*.test.ts'],
          exclude: ALONE,
          ...TOGETHER,
        },
      },
      {
        extends: true,
        test: {
          // Figures that depend on time: one file after another, beside nothing else.
          name: 'whole',
          ...FENCED,
          include: ['test/**/*.test.ts'],
          // test/package has a configuration of its own.
          exclude: [...PARTS, PROXY, REAL, ...ALONE, 'test/package/**'],
          isolate: false,
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: { name: 'alone', include: ALONE, maxWorkers: 1, sequence: { groupOrder: 3 } },
      },
    ],
  },
})
