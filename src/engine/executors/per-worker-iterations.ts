import { closed, type Executor } from './executor.ts'

/**
 * The closed model with a fixed number: each of the `workers` sends that many messages, one after another.
 *
 * @example
 * ```ts
 * { executor: 'per-worker-iterations', messagesPerWorker: 100, workers: 20, size: 'small', thresholds: ['success_rate==1'] }
 * ```
 */
export interface PerWorkerIterations {
  /** Name of the executor. */
  readonly executor: 'per-worker-iterations'
  /** Messages of each worker, at least 1; of all workers together at most 200,000,000. */
  readonly messagesPerWorker: number
}

export interface PerWorkerIterationsPlan extends PerWorkerIterations {
  /** How many workers take part. */
  readonly workers: number
}

/** A number of messages from each worker. */
export const perWorkerIterations: Executor<PerWorkerIterations, PerWorkerIterationsPlan> = {
  name: 'per-worker-iterations',
  model: 'closed',
  goesBy: {
    suite: 'ends when each worker has sent its messages',
    environment: 'ends when each worker has sent its messages',
  },
  takes: { messages: 'messagesPerWorker' },
  dealtBy: 'worker',
  plan: ({ executor, messagesPerWorker }, workers) => ({ executor, messagesPerWorker, workers }),
  pacer: ({ messagesPerWorker, workers }) =>
    closed({
      total: messagesPerWorker * workers,
      turnMs: (_worker, taken, elapsedMs) => (taken < messagesPerWorker ? elapsedMs : undefined),
    }),
  shareOf: (plan, taking) => ({ ...plan, workers: taking }),
  describe: ({ messagesPerWorker }, size) => `${messagesPerWorker.toLocaleString('en')} × ${size} from each`,
}
