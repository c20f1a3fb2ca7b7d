import { closed, type Executor } from './executor.ts'

interface Spec {
  readonly executor: 'per-worker-iterations'
  readonly messagesPerWorker: number
}

interface Plan extends Spec {
  /** How many workers take part. */
  readonly workers: number
}

/** A number of messages from each worker. */
export const perWorkerIterations: Executor<Spec, Plan> = {
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
