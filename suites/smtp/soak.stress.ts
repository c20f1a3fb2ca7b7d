import { SOAK_SCENARIO, scenario } from 'mailstorm'

/** Do they get slower or larger over time? STRESS_SOAK_MINUTES (30) and STRESS_SOAK_RATE (20). */
scenario('soak', SOAK_SCENARIO, { onlyWhenNamed: true })
