import { CUSTOM_SCENARIO, scenario } from 'mailstorm'

/** The same load twice, for vitest-overhead.ts: the first one warms up. */
scenario('warm-up', CUSTOM_SCENARIO)
scenario('measured', CUSTOM_SCENARIO)
