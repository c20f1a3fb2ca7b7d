import { pressure } from 'mailstorm'

/** Do five high-volume clients get their share, and the quiet one beside them as well? */
pressure(
  'more-clients',
  {
    durationSeconds: 45,
    proxy: { GMP_SYNC_INTERVAL: '1' },
    tenants: [
      { profile: 'high-volume', count: 5, dndShare: 0 },
      { profile: 'standard', attachmentShare: 0, dndShare: 0 },
    ],
    thresholds: ['success_rate==1', 'p(95)<10000', 'fairness<3'],
  },
  { onlyWhenNamed: true },
)
