import { scenario } from '../../../fixtures/scenario.ts'

scenario('missing-hooks', {
  ...{ executor: 'shared-iterations', messages: 20, workers: 2, size: 'small' },
  metrics: { retries: 'counter' },
  hooks: new URL('./no-such-hooks.ts', import.meta.url),
  thresholds: ['retries<10'],
})
