import { PIPELINING_TABLE, scenarioParts } from 'mailstorm'

const SMALL = {
  executor: 'shared-iterations',
  messages: 5_000,
  workers: 10,
  size: 'small',
  thresholds: ['success_rate>=0.99', 'p(99)<3000'],
} as const

/** What do fewer round trips gain (RFC 2920)? */
scenarioParts(
  'pipelining',
  {
    off: { ...SMALL, pipelining: 'off' },
    commands: { ...SMALL, pipelining: 'commands' },
    transactions: { ...SMALL, pipelining: 'transactions' },
  },
  { onlyWhenNamed: true, table: PIPELINING_TABLE },
)
