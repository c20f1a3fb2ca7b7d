import { scenario } from 'mailstorm'

/** How fast do the servers accept a sudden flood of mail? */
scenario('burst', {
  executor: 'shared-iterations',
  messages: 5_000,
  workers: 50,
  size: 'medium',
  thresholds: ['success_rate>=0.99', 'p(99)<3000'],
})
