import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  root: import.meta.dirname,
  test: { include: ['*.fence.ts'], setupFiles: [join(import.meta.dirname, '../../no-way-out.ts')] },
})
