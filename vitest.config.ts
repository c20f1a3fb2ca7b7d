import { defineConfig } from 'vitest/config'

/** Unit, contract and truth tests. The stress runs themselves: vitest.stress.config.ts. */
export default defineConfig({
  test: {
    include: ['{src,containers,fixtures,reporters,scripts,test,bench}/**/*.test.ts'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    reporters: process.env.CI ? ['default', 'github-actions'] : ['default'],
  },
})
