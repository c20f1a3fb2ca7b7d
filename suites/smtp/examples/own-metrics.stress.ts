import { defineMetrics, scenario } from 'mailstorm'

// How to measure what mailstorm does not: metrics of your own, recorded by own-metrics-hooks.ts, with
// thresholds on them. 1,000 messages, ten to a session.
const own = defineMetrics(
  {
    handshake_ms: 'trend',
    slow: 'rate',
    busy_replies: 'counter',
    extensions: 'gauge',
  },
  new URL('./own-metrics-hooks.ts', import.meta.url),
)
/** For the hooks: with it, the names of other metrics do not compile. */
export type Own = typeof own

scenario(
  'own-metrics',
  {
    executor: 'shared-iterations',
    messages: 1_000,
    workers: 10,
    size: 'small',
    messagesPerSession: 10,
    ...own,
    thresholds: [
      'success_rate>=0.99',
      'handshake_ms.p(95)<500',
      'slow<0.05',
      'busy_replies<100',
      'extensions.min>=3',
    ],
  },
  { onlyWhenNamed: true },
)
