import { pressure } from 'mailstorm'

/** Does a proxy keep up its pace beyond the first thousand messages? */
pressure(
  'cliff',
  {
    durationSeconds: 60,
    proxy: { GMP_SYNC_INTERVAL: '1' },
    tenants: [
      { profile: 'high-volume', messagesPerSync: 250, maxMessages: 1_500, attachmentShare: 0, dndShare: 0 },
    ],
    thresholds: ['success_rate==1', 'still_queued==0', 'drain_seconds<30'],
    drainSeconds: 60,
  },
  { onlyWhenNamed: true },
)
