import { pressure } from 'mailstorm'

/** Does the proxy fetch a repeated attachment only once? Half of these repeat. */
pressure(
  'cache',
  {
    durationSeconds: 30,
    proxy: { GMP_SYNC_INTERVAL: '2' },
    tenants: [
      { profile: 'newsletter', attachmentShare: 1, largeShare: 0, dndShare: 0, maxAttachmentBytes: 512_000 },
      { profile: 'standard', attachmentShare: 1, cachedShare: 0.5, largeShare: 0, dndShare: 0 },
    ],
    thresholds: ['success_rate==1', 'spared_fetches>=0.95', 'cache_hit_rate>=0.4'],
  },
  { onlyWhenNamed: true },
)
