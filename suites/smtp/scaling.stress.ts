import { SCALING_TABLE, scenarioParts } from 'mailstorm'

const BURST = {
  executor: 'shared-iterations',
  messages: 5_000,
  workers: 50,
  size: 'medium',
  thresholds: ['success_rate>=0.99', 'p(99)<5000'],
} as const

/** What do more servers gain? The same burst on 1, 3 and 5 of them. */
scenarioParts(
  'scaling',
  {
    '1-server': { ...BURST, servers: 1 },
    '3-servers': { ...BURST, servers: 3 },
    '5-servers': { ...BURST, servers: 5 },
  },
  { onlyWhenNamed: true, table: SCALING_TABLE },
)
