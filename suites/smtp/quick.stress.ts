import { scenario } from 'mailstorm'

/** Does everything work? */
scenario('quick', {
  executor: 'shared-iterations',
  messages: 100,
  workers: 10,
  size: 'small',
  thresholds: ['success_rate==1', 'p(99)<2000'],
})
