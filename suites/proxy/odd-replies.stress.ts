import { pressure } from 'mailstorm'

/** Each refuses one of two recipients, with text that a database or log may choke on; octets as Latin-1. */
const REPLIES = [
  '550 5.1.1 no\0body',
  '550 5.1.1 no \xff\xed body',
  '550 5.1.1 \x1b[2Jnobody',
  `${`550-5.1.1 ${'x'.repeat(400)}\r\n`.repeat(200)}550 5.1.1 nobody`,
]

/** Is a message delivered once, and reported correctly, whatever the text that refuses one of its recipients? */
pressure(
  'odd-replies',
  {
    durationSeconds: 6,
    proxy: {
      GMP_SYNC_INTERVAL: '0.5',
      GMP_SEND_LOOP_INTERVAL: '0.1',
      GMP_RETRY_DELAYS: '0.2,0.2',
      GMP_LEASE: '2',
    },
    tenants: [
      { profile: 'standard', maxMessages: 40, recipientsPerMessage: 2, attachmentShare: 0, dndShare: 0 },
    ],
    refusing: { odd: { replies: REPLIES } },
    onlyOurs: 'texts of this kind are sent to mailstorm’s own proxy only',
    thresholds: ['success_rate==1', 'lost==0', 'duplicated==0', 'misreported==0', 'unreported==0'],
    quietSeconds: 8,
  },
  { onlyWhenNamed: true },
)
