import { pressureParts } from 'mailstorm'

const FLOOD = {
  durationSeconds: 60,
  proxy: { GMP_SYNC_INTERVAL: '0.2', GMP_SYNC_MAX_ROUNDS: '1' },
  tenants: [
    {
      profile: 'high-volume',
      count: 4,
      messagesPerSync: 500,
      maxMessages: 2_500,
      attachmentShare: 0,
      dndShare: 0,
    },
  ],
} as const

/** What do more proxies on one database gain, and is any message sent twice? */
pressureParts(
  'scale',
  {
    '1-proxy': { ...FLOOD, proxies: 1, thresholds: ['success_rate==1'] },
    // On two cores, which PostgreSQL, sink and tenants share, three proxies cannot be three times as fast.
    '3-proxies': { ...FLOOD, proxies: 3, thresholds: ['success_rate==1', 'throughput_ratio>=0.8'] },
  },
  { onlyWhenNamed: true },
)
