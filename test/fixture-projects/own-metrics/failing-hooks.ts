import type { OnSample } from '../../../fixtures/hooks.ts'

export const onSample: OnSample = (_sample, metrics) => metrics.add('retrys')
