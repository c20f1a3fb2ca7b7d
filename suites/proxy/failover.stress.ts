import { pressure } from 'mailstorm'

/** Concurrent sends of one account: as many messages may be sent without a record when the database goes away. */
const POOL_SIZE = 20
/** The tenant offers again what a proxy lost between reading an answer and storing it. */
const PATIENT = { attachmentShare: 0, dndShare: 0, reofferAfterMs: 4_000 } as const

/** Does the proxy survive a database that restarts and fails over, without losing a message? */
pressure(
  'failover',
  {
    durationSeconds: 12,
    proxies: 1,
    proxy: {
      GMP_SYNC_INTERVAL: '0.5',
      GMP_SEND_LOOP_INTERVAL: '0.1',
      GMP_LEASE: '3',
      GMP_POOL_SIZE: `${POOL_SIZE}`,
    },
    tenants: [
      { profile: 'newsletter', ...PATIENT },
      { profile: 'standard', ...PATIENT },
    ],
    failover: {
      endings: { fromSecond: 2, everySeconds: 0.4, times: 10 },
      readOnly: { fromSecond: 7, untilSecond: 9 },
    },
    thresholds: [
      'success_rate>=0.9',
      `duplicated<=${POOL_SIZE}`,
      'lost==0',
      'still_queued==0',
      'unreported==0',
      'misreported==0',
    ],
    quietSeconds: 10,
  },
  { onlyWhenNamed: true },
)
