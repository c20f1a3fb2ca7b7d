import { defineConfig } from 'vitest/config'

/** What Stryker runs against each mutant (`npm run test:mutation`): the quick tests of the rooms that it changes. */
export default defineConfig({
  test: {
    include: ['src/{engine,figures,ledger,smtp}/**/*.test.ts'],
    // They run threads of their own, which Stryker's switch does not reach.
    exclude: ['src/engine/threads/{hooks,load-run*}.test.ts'],
    setupFiles: ['vitest.mutation.setup.ts'],
    tags: [{ name: 'long' }],
    testTimeout: 60_000,
  },
})
