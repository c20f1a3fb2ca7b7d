import { scenario } from 'mailstorm'

/** Where do they begin to refuse? */
scenario('heavy', {
  executor: 'shared-iterations',
  messages: 10_000,
  workers: 100,
  size: 'medium',
  thresholds: ['success_rate>=0.98', 'p(99)<5000'],
})
