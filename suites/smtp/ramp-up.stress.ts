import { scenario } from 'mailstorm'

/** How do they cope with growing load? Three steps in one run, each with its own figures. */
scenario(
  'ramp-up',
  {
    executor: 'ramping-arrival-rate',
    startRate: 10,
    stages: [
      { durationSeconds: 30, target: 10 },
      { durationSeconds: 0, target: 25 },
      { durationSeconds: 30, target: 25 },
      { durationSeconds: 0, target: 50 },
      { durationSeconds: 30, target: 50 },
    ],
    workers: 10,
    size: 'small',
    thresholds: ['success_rate==1', 'p(99)<1000', 'rate_error<=0.01', 'dropped==0'],
  },
  { onlyWhenNamed: true },
)
