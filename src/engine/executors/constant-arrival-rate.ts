import { always, type Executor, ROUNDING } from './executor.ts'

/**
 * The open model: messages are due at a rate, whatever is in flight; a server that stalls is not waited for.
 *
 * @example
 * ```ts
 * {
 *   executor: 'constant-arrival-rate',
 *   rate: 200,
 *   durationSeconds: 60,
 *   workers: 20,
 *   size: 'medium',
 *   thresholds: ['success_rate>=0.999', 'p(99)<500'],
 * }
 * ```
 */
export interface ConstantArrivalRate {
  /** Name of the executor. */
  readonly executor: 'constant-arrival-rate'
  /** Messages per second, above 0; with the duration at least one message. */
  readonly rate: number
  /** How long the load lasts, in seconds, above 0 and at most 7 days. */
  readonly durationSeconds: number
}

export interface ConstantArrivalRatePlan {
  readonly executor: 'constant-arrival-rate'
  readonly ratePerSecond: number
  readonly durationSeconds: number
}

/** Messages at a rate, whatever is in flight. */
export const constantArrivalRate: Executor<ConstantArrivalRate, ConstantArrivalRatePlan> = {
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
