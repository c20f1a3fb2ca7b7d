import { always, type Executor, ROUNDING } from './executor.ts'

interface Spec {
  readonly executor: 'constant-arrival-rate'
  /** Messages per second. */
  readonly rate: number
  readonly durationSeconds: number
}

interface Plan {
  readonly executor: 'constant-arrival-rate'
  readonly ratePerSecond: number
  readonly durationSeconds: number
}

/** Messages at a rate, whatever is in flight. */
export const constantArrivalRate: Executor<Spec, Plan> = {
  name: 'constant-arrival-rate',
  mode: 'sustained',
  model: 'open',
  goesBy: {
    suite: 'sends rate × duration messages',
    environment: 'sends STRESS_RATE × STRESS_DURATION messages',
  },
  takes: { rate: 'rate', durationSeconds: 'durationSeconds' },
  dealtBy: 'message',
  plan: ({ executor, rate, durationSeconds }) => ({ executor, ratePerSecond: rate, durationSeconds }),
  /** Message n is due at n / rate; n = 0 at the start, the last one before the window ends. */
  pacer({ ratePerSecond, durationSeconds }) {
    const total = Math.max(0, Math.ceil(ratePerSecond * durationSeconds - ROUNDING))
    return {
      model: 'open',
      total,
      windowMs: durationSeconds * 1000,
      dueMs: (n) => (n * 1000) / ratePerSecond,
      dueBy(elapsedMs) {
        if (elapsedMs < 0) return 0
        return Math.min(total, Math.floor((elapsedMs * ratePerSecond) / 1000 + ROUNDING) + 1)
      },
      turnMs: always,
    }
  },
  shareOf: (plan, taking, workers) => ({ ...plan, ratePerSecond: plan.ratePerSecond * (taking / workers) }),
  describe: ({ ratePerSecond, durationSeconds }, size) =>
    `${ratePerSecond}/s for ${durationSeconds} s, ${size}`,
  ratePerSecond: ({ ratePerSecond }) => ratePerSecond,
}
