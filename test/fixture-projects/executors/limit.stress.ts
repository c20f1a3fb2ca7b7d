import { breakpointScenario } from '../../../fixtures/breakpoint.ts'

/** The search of suites/smtp/breakpoint.stress.ts in a minute. */
breakpointScenario('limit', {
  startRate: 200,
  maxRate: 2_000,
  resolution: 0.04,
  seconds: 4,
  holds: ['success_rate>=0.99', 'p(99)<1000'],
  workers: 20,
  size: 'small',
  messagesPerSession: 'unlimited',
  drainSeconds: 3,
  replyTimeoutSeconds: 5,
})
