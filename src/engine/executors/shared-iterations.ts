import { always, closed, type Executor } from './executor.ts'

/**
 * A burst: a number of messages, taken by whichever of the `workers` is free.
 *
 * @example
 * ```ts
 * { executor: 'shared-iterations', messages: 5_000, workers: 50, size: 'medium', thresholds: ['success_rate>=0.99'] }
 * ```
 */
export interface SharedIterations {
  /** Name of the executor. */
  readonly executor: 'shared-iterations'
  /** Messages of the whole run, from 1 to 200,000,000. */
  readonly messages: number
}

/** A number of messages, taken by whichever worker is free: a burst. */
export const sharedIterations: Executor<SharedIterations, SharedIterations> = {
  name: 'shared-iterations',
  mode: 'burst',
  model: 'closed',
  goesBy: {
    suite: 'sends its messages as fast as its workers can',
    environment: 'sends its messages as fast as it can',
  },
  takes: { messages: 'messages' },
  dealtBy: 'message',
  plan: ({ executor, messages }) => ({ executor, messages }),
  pacer: ({ messages }) => closed({ total: messages, turnMs: always }),
  shareOf: (plan, taking, workers) => ({
    ...plan,
    messages: Math.max(1, Math.round(plan.messages * (taking / workers))),
  }),
  describe: ({ messages }, size) => `${messages.toLocaleString('en')} × ${size}`,
}
