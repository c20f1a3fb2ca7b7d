import { scenarioTogether } from 'mailstorm'

/** Do they recover from a sudden flood? A steady stream, with 1,000 messages at once in the middle. */
scenarioTogether(
  'spike',
  {
    steady: {
      executor: 'constant-arrival-rate',
      rate: 20,
      durationSeconds: 60,
      workers: 10,
      size: 'medium',
      thresholds: ['success_rate==1', 'p(99)<3000', 'dropped==0'],
    },
    crowd: {
      executor: 'shared-iterations',
      messages: 1_000,
      workers: 50,
      size: 'medium',
      startAfterSeconds: 30,
      thresholds: ['success_rate>=0.99', 'p(99)<3000'],
    },
  },
  { onlyWhenNamed: true, thresholds: ['success_rate>=0.99', 'p(99)<3000'] },
)
