import { relay } from 'mailstorm'

const COMMON = {
  size: 'medium',
  // A queue waits for minutes before it tries a host again that was away.
  verifyTimeoutSeconds: 900,
  thresholds: ['success_rate==1'],
} as const
const STEADY = {
  ...COMMON,
  executor: 'constant-arrival-rate',
  rate: 50,
  durationSeconds: 20,
  workers: 10,
  thresholds: [...COMMON.thresholds, 'dropped==0'],
} as const

/**
 * What does a relay of yours do with its mail while the next hop is slow, puts it off, is away and comes back? The relay
 * has to send to the sink of STRESS_VERIFY.
 */
relay(
  'relay',
  {
    steady: { load: { ...STEADY, thresholds: [...STEADY.thresholds, 'e2e_p(99)<10000'] } },
    burst: { load: { ...COMMON, executor: 'shared-iterations', messages: 2_000, workers: 20 } },
    slow: { load: STEADY, nextHop: { slowMs: 500 } },
    refusing: { load: STEADY, nextHop: { refusesWith: 451 } },
    away: { load: STEADY, nextHop: 'away' },
    back: { load: STEADY },
  },
  { thresholds: COMMON.thresholds },
)
