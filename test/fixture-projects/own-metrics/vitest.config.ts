import { stressProject } from '../stress-project.ts'

/** Suites whose hooks go wrong. */
// biome-ignore lint/style/noDefaultExport: Vitest loads it
export default stressProject(
  import.meta.dirname,
  ['graceful-interrupt', 'progress-reporter', 'results-reporter'],
  'runner',
)
