import { SESSIONS_TABLE, scenarioParts } from 'mailstorm'

const SMALL = {
  executor: 'shared-iterations',
  messages: 2_000,
  workers: 20,
  size: 'small',
  thresholds: ['success_rate>=0.99', 'p(99)<3000'],
} as const

/** What does a session cost? 1, 10, 100 and unlimited messages in each. */
scenarioParts(
  'sessions',
  {
    '1': { ...SMALL, messagesPerSession: 1 },
    '10': { ...SMALL, messagesPerSession: 10 },
    '100': { ...SMALL, messagesPerSession: 100 },
    unlimited: { ...SMALL, messagesPerSession: 'unlimited' },
  },
  { onlyWhenNamed: true, table: SESSIONS_TABLE },
)
