import { pressure } from 'mailstorm'

/** Does a message reach all its recipients when the server accepts a hundred at a time (RFC 5321 4.5.3.1.10)? */
pressure(
  'many-recipients',
  {
    durationSeconds: 5,
    proxy: { GMP_SYNC_INTERVAL: '0.5', GMP_SEND_LOOP_INTERVAL: '0.1', GMP_RETRY_DELAYS: '0.2,0.2' },
    tenants: [
      {
        profile: 'standard',
        name: 'circular',
        messagesPerSync: 2,
        maxMessages: 8,
        recipientsPerMessage: 450,
        attachmentShare: 0,
        dndShare: 0,
      },
    ],
    refusing: { perTransaction: 100 },
    thresholds: ['success_rate==1', 'missed_recipients==0', 'lost==0', 'duplicated==0', 'misreported==0'],
    quietSeconds: 8,
  },
  { onlyWhenNamed: true },
)
