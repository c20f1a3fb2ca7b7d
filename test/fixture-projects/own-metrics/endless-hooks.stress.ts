import { scenario } from '../../../fixtures/scenario.ts'

scenario('endless-hooks', {
  executor: 'constant-arrival-rate',
  rate: 50,
  durationSeconds: 60,
  workers: 4,
  size: 'small',
  thresholds: ['p(99)<5000'],
  metrics: { samples: 'counter' },
  hooks: new URL('./endless-hooks.ts', import.meta.url),
})
