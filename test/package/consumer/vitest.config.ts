import { defineConfig } from 'vitest/config'

/** Unit tests as the repository had them, and mailstorm's scenarios beside them. */
export default defineConfig({
  test: { projects: [{ test: { name: 'unit', include: ['unit.test.ts'] } }, './vitest.stress.config.ts'] },
})
