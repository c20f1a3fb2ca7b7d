import { defineConfig } from 'vitest/config'

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
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          // Whole runs and figures that depend on time: one after another, and not beside the unit tests.
          name: 'whole',
          include: ['test/**/*.test.ts'],
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
