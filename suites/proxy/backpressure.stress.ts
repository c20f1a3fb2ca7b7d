import { pressure } from 'mailstorm'

/** Does the queue take what an SMTP server that became slow does not, and empty when it is well again? */
pressure(
  'backpressure',
  {
    durationSeconds: 40,
    proxy: { GMP_SYNC_INTERVAL: '1' },
    tenants: [{ profile: 'high-volume', attachmentShare: 0, dndShare: 0 }],
    slowSink: { fromSecond: 8, untilSecond: 30, bytesPerSecond: 4_096 },
    thresholds: ['success_rate==1', 'peak_pending>=100', 'drain_seconds<30'],
  },
  { onlyWhenNamed: true },
)
