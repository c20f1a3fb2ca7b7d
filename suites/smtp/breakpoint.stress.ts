import { breakpoint } from 'mailstorm'

/** How many messages a second can they accept and still answer in time? Stops when it knows. */
breakpoint(
  'breakpoint',
  {
    startRate: 100,
    maxRate: 20_000,
    resolution: 0.05,
    seconds: 10,
    holds: ['p(99)<500', 'success_rate>=0.99'],
    workers: 20,
    size: 'small',
    messagesPerSession: 'unlimited',
    // Few enough that no limit of connections is what breaks: it is the rate that is searched for.
    maxSessions: 80,
    drainSeconds: 5,
  },
  { onlyWhenNamed: true },
)
