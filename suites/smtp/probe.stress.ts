import { probeScenario } from '../../fixtures/probe.ts'

/** What does a server really do? Runs only when asked for: `-t probe`. */
probeScenario('probe')
