import { CUSTOM_SCENARIO, scenario } from 'mailstorm'

/** Everything from the environment: STRESS_MODE, STRESS_MESSAGES, … Runs only when asked for: `-t custom`. */
scenario('custom', CUSTOM_SCENARIO, { onlyWhenNamed: true })
