import { stressConfig } from '../vitest.ts'

/**
 * The configuration with which `mailstorm run` runs the scenarios that come with mailstorm, in any working
 * directory.
 */
export default stressConfig()
