import { scenarioParts } from 'mailstorm'

/** What does the size of a message cost? */
scenarioParts('mixed', {
  small: {
    executor: 'shared-iterations',
    messages: 1_000,
    workers: 20,
    size: 'small',
    thresholds: ['success_rate>=0.99', 'p(99)<2000'],
  },
  medium: {
    executor: 'shared-iterations',
    messages: 1_000,
    workers: 20,
    size: 'medium',
    thresholds: ['success_rate>=0.99', 'p(99)<2000'],
  },
  large: {
    executor: 'shared-iterations',
    messages: 500,
    workers: 10,
    size: 'large',
    thresholds: ['success_rate>=0.99', 'p(99)<3000'],
  },
  xlarge: {
    executor: 'shared-iterations',
    messages: 100,
    workers: 5,
    size: 'xlarge',
    thresholds: ['success_rate>=0.99', 'p(99)<5000'],
  },
})
