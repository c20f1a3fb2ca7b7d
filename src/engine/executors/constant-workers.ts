import { closed, type Executor } from './executor.ts'

/**
 * The closed model for a fixed time: each of the `workers` sends one message after another, as fast as they are answered.
 *
 * @example
 * ```ts
 * { executor: 'constant-workers', durationSeconds: 30, workers: 20, size: 'small', thresholds: ['p(99)<500'] }
 * ```
 */
export interface ConstantWorkers {
  /** Name of the executor. */
  readonly executor: 'constant-workers'
  /** How long the load lasts, in seconds, above 0 and at most 7 days. */
  readonly durationSeconds: number
}

/** A number of workers, each sending what it can for a time. */
export const constantWorkers: Executor<ConstantWorkers, ConstantWorkers> = {
  name: 'constant-workers',
  model: 'closed',
  goesBy: {
    suite: 'sends as much as its workers can in its duration',
    environment: 'sends as much as its workers can in STRESS_DURATION',
  },
  takes: { durationSeconds: 'durationSeconds' },
  dealtBy: 'worker',
  plan: ({ executor, durationSeconds }) => ({ executor, durationSeconds }),
  problems: ({ durationSeconds }) =>
    durationSeconds > 0 ? [] : [`durationSeconds ${durationSeconds} is not above 0.`],
  pacer({ durationSeconds }) {
    const windowMs = durationSeconds * 1000
    return closed({
      total: Number.POSITIVE_INFINITY,
      windowMs,
      turnMs: (_worker, _taken, elapsedMs) => (elapsedMs < windowMs ? elapsedMs : undefined),
    })
  },
  describe: ({ durationSeconds }, size) => `for ${durationSeconds} s, ${size}`,
}
