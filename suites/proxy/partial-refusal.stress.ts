import { pressure } from 'mailstorm'

/** Is an account's limit kept when each transaction reaches only one of two recipients? */
pressure(
  'partial-refusal',
  {
    durationSeconds: 8,
    proxy: { GMP_SYNC_INTERVAL: '0.5', GMP_SEND_LOOP_INTERVAL: '0.1', GMP_RETRY_DELAYS: '0.3,0.3' },
    tenants: [
      {
        profile: 'standard',
        name: 'limited',
        // Few at a time: a slot that is given back is there for the next.
        messagesPerSync: 2,
        maxMessages: 40,
        recipientsPerMessage: 2,
        limitPerMinute: 10,
        limitBehavior: 'defer',
        attachmentShare: 0,
        dndShare: 0,
      },
    ],
    refusing: { odd: { replies: ['451 4.7.1 greylisted, try again later'] } },
    // Most wait for the minutes to come, which this run does not.
    thresholds: ['success_rate>=0.03', 'over_limit==0', 'lost==0', 'misreported==0'],
    quietSeconds: 8,
  },
  { onlyWhenNamed: true },
)
