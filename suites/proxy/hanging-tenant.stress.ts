import { pressureParts } from 'mailstorm'

/** Their mail must get through whatever their neighbour does. */
const OTHERS = [
  {
    profile: 'standard',
    name: 'quick',
    count: 2,
    messagesPerSync: 10,
    maxMessages: 150,
    attachmentShare: 0,
    dndShare: 0,
  },
] as const
/** Its files arrive a byte at a time and never end; there are more such messages than a proxy sends at once. */
const HANGING = {
  profile: 'newsletter',
  name: 'hanging',
  messagesPerSync: 100,
  maxMessages: 300,
  attachmentShare: 1,
  cachedShare: 1,
  largeShare: 0,
  maxAttachmentBytes: 10_240,
  dndShare: 0,
  attachmentFault: { kind: 'drips', share: 1 },
} as const
const RUN = {
  durationSeconds: 10,
  proxies: 1,
  // As many sends at once for one account as for all: a tenant could take them all.
  proxy: {
    GMP_SYNC_INTERVAL: '0.5',
    GMP_SEND_LOOP_INTERVAL: '0.1',
    GMP_POOL_SIZE: '20',
    GMP_MAX_IN_FLIGHT: '20',
  },
  quietSeconds: 5,
} as const

/** Do tenants keep their time beside one whose attachments never end? */
pressureParts(
  'hanging-tenant',
  {
    alone: { ...RUN, tenants: OTHERS, thresholds: ['success_rate==1'] },
    beside: {
      ...RUN,
      tenants: [...OTHERS, HANGING],
      // What hangs is not delivered; nor is it to be forgotten.
      thresholds: ['success_rate>=0.2', 'p95_ratio<=2', 'lost==0', 'misreported==0'],
      drainSeconds: 10,
    },
  },
  { onlyWhenNamed: true },
)
