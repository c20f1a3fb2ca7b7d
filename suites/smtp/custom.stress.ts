import { CUSTOM_SCENARIO } from '../../fixtures/environment-scenarios.ts'
import { scenario } from '../../fixtures/scenario.ts'

/** Everything from the environment: STRESS_MODE, STRESS_MESSAGES, … Runs only when asked for: `-t custom`. */
scenario('custom', CUSTOM_SCENARIO, { onlyWhenNamed: true })
