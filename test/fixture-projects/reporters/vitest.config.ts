import { stressProject } from '../stress-project.ts'

/** Suites as the reporters see them. */
export default stressProject(import.meta.dirname, [
  'graceful-interrupt',
  'progress-reporter',
  'results-reporter',
  'github-reporter',
])
