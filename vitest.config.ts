import { defineConfig } from 'vitest/config'

/** Figures of these do not depend on what else the machine does. */
const PARTS = [
  'test/{faults,genro,guide,kubernetes,mailhog,monitoring,pressure,probe,proxy,report,wild}/**/*.test.ts',
  'test/analysis/{commands,many-results}.test.ts',
  'test/docker/no-engine.test.ts',
  'test/e2e/{bad-input,own-metrics,services}.test.ts',
]

/** Unit, contract and truth tests. The stress runs themselves: vitest.stress.config.ts. */
export default defineConfig({
  test: {
    testTimeout: 20_000,
    hookTimeout: 60_000,
    reporters: process.env.CI ? ['default', 'github-actions'] : ['default'],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['{src,containers,fixtures,reporters,scripts,bench}/**/*.test.ts'],
          // Vitest leaves one core to itself, which of two leaves one; and group 0 would then come last.
          maxWorkers: '100%',
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          // Real parts, whose tests mostly wait for each other.
          name: 'parts',
          include: PARTS,
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: {
          // Whole runs and figures that depend on time: one after another, beside nothing else.
          name: 'whole',
          include: ['test/**/*.test.ts'],
          exclude: PARTS,
          maxWorkers: 1,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
})
