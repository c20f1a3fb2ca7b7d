import { stressProject } from '../stress-project.ts'

/** Suites whose hooks go wrong. */
export default stressProject(
  import.meta.dirname,
  ['graceful-interrupt', 'progress-reporter', 'results-reporter'],
  'runner',
)
