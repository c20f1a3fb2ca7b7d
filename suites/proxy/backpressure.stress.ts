import { pressure } from 'mailstorm'

/** When an SMTP server becomes slow, does the queue absorb the mail, and empty once the server recovers? */
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
