import { scenario } from '../../../fixtures/scenario.ts'

scenario('failing-hooks', {
  ...{ executor: 'shared-iterations', messages: 20, workers: 2, size: 'small' },
  metrics: { retries: 'counter', depth: 'gauge' },
  hooks: new URL('./failing-hooks.ts', import.meta.url),
  thresholds: ['success_rate==1', 'depth<5'],
})
