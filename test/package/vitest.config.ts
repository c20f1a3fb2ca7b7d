import { defineConfig } from 'vitest/config'

/** `npm run test:package`: packs mailstorm and uses it in repositories that have never seen this one. */
export default defineConfig({
  test: {
    include: ['test/package/*.check.ts'],
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // What is installed is measured, and runs are judged by thresholds: one after another.
    maxWorkers: 1,
    fileParallelism: false,
    reporters: process.env.CI ? ['verbose', 'github-actions'] : ['verbose'],
  },
})
