import { scenario } from '../../fixtures/scenario.ts'
import { soakSpec } from '../../fixtures/soak-spec.ts'

/** Do they get slower or larger over time? STRESS_SOAK_MINUTES (30) and STRESS_SOAK_RATE (20). */
scenario('soak', soakSpec(process.env), { onlyWhenNamed: true })
