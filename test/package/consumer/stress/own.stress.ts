import { defineMetrics, scenario } from 'mailstorm'

const own = defineMetrics({ slow: 'rate', handshake_ms: 'trend' }, new URL('./own-hooks.ts', import.meta.url))
export type Own = typeof own

scenario('own', {
  executor: 'constant-arrival-rate',
  rate: 20,
  durationSeconds: 2,
  workers: 4,
  size: 'small',
  ...own,
  thresholds: ['success_rate>=0.999', 'handshake_ms.p(95)<10000', 'slow<0.5'],
})
