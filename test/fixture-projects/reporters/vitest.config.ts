import { stressProject } from '../stress-project.ts'

/** Suites as the reporters see them. */
// biome-ignore lint/style/noDefaultExport: Vitest loads it
export default stressProject(import.meta.dirname, [
  'graceful-interrupt',
  'progress-reporter',
  'results-reporter',
  'github-reporter',
])
