import { pressure } from 'mailstorm'

const PLAIN = { profile: 'standard', attachmentShare: 0, dndShare: 0 } as const

/** Is an account's limit kept, whether the excess waits or fails, and is nobody else held back? */
pressure(
  'rate-limit',
  {
    durationSeconds: 20,
    proxy: { GMP_SYNC_INTERVAL: '1' },
    tenants: [
      { ...PLAIN, name: 'waiting', limitPerMinute: 30, limitBehavior: 'defer', maxMessages: 50 },
      { ...PLAIN, name: 'failing', limitPerMinute: 30, limitBehavior: 'reject', maxMessages: 50 },
      { ...PLAIN, name: 'free' },
    ],
    // Nothing moves until the minute is over.
    quietSeconds: 75,
    // What the limit of the tenant that is told to fail refuses is meant to fail.
    thresholds: ['success_rate>=0.8', 'over_limit==0', 'rate_limited>=2', 'errors>=1', 'still_queued==0'],
  },
  { onlyWhenNamed: true },
)
