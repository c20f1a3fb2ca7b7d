import stressConfig from '../../../vitest.stress.config.ts'

/** The configuration of the stress runs, for scenarios that only tests need. */
export default {
  test: {
    ...stressConfig.test,
    projects: undefined,
    include: ['test/fixture-projects/executors/*.stress.ts'],
  },
}
