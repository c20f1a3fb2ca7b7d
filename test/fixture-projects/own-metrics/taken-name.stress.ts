import { scenario } from '../../../fixtures/scenario.ts'

scenario('taken-name', {
  ...{ executor: 'shared-iterations', messages: 20, workers: 2, size: 'small' },
  metrics: { lost: 'counter' },
  hooks: new URL('./failing-hooks.ts', import.meta.url),
  thresholds: [],
})
