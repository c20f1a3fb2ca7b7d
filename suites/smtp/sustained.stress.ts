import { scenario } from 'mailstorm'

/** Do they keep up a steady rate, with one session per message? */
scenario('sustained', {
  executor: 'constant-arrival-rate',
  rate: 50,
  durationSeconds: 60,
  workers: 10,
  size: 'medium',
  thresholds: ['success_rate==1', 'p(99)<1000', 'rate_error<=0.01', 'dropped==0'],
})
