import { stressConfig } from '../vitest.ts'

/** What `mailstorm run` runs the scenarios with that come with mailstorm, whatever the working directory has. */
export default stressConfig()
