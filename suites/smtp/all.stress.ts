import { scenarioParts } from 'mailstorm'

/** The comprehensive suite: seven runs. Runs only when asked for: `-t all`. */
scenarioParts(
  'all',
  {
    '01-smoke': {
      executor: 'shared-iterations',
      messages: 100,
      workers: 10,
      size: 'small',
      thresholds: ['success_rate==1', 'p(99)<2000'],
    },
    '02-burst-small': {
      executor: 'shared-iterations',
      messages: 2_000,
      workers: 40,
      size: 'small',
      thresholds: ['success_rate>=0.99', 'p(99)<3000'],
    },
    '03-burst-medium': {
      executor: 'shared-iterations',
      messages: 2_000,
      workers: 40,
      size: 'medium',
      thresholds: ['success_rate>=0.99', 'p(99)<3000'],
    },
    '04-burst-large': {
      executor: 'shared-iterations',
      messages: 1_000,
      workers: 20,
      size: 'large',
      thresholds: ['success_rate>=0.99', 'p(99)<5000'],
    },
    '05-sustained-low': {
      executor: 'constant-arrival-rate',
      rate: 20,
      durationSeconds: 30,
      workers: 10,
      size: 'medium',
      thresholds: ['success_rate==1', 'p(99)<1000', 'rate_error<=0.01', 'dropped==0'],
    },
    '06-sustained-high': {
      executor: 'constant-arrival-rate',
      rate: 50,
      durationSeconds: 60,
      workers: 10,
      size: 'medium',
      thresholds: ['success_rate==1', 'p(99)<1000', 'rate_error<=0.01', 'dropped==0'],
    },
    '07-heavy': {
      executor: 'shared-iterations',
      messages: 10_000,
      workers: 100,
      size: 'medium',
      thresholds: ['success_rate>=0.98', 'p(99)<5000'],
    },
  },
  { onlyWhenNamed: true },
)
