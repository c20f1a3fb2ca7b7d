import type { Stage } from './stages.ts'

/**
 * When and how many messages are to start; knows nothing of what a message is. Executors have k6's
 * names, with worker for virtual user; the pacer of each is in pacer.ts.
 */
export type Schedule =
  | { readonly executor: 'shared-iterations'; readonly messages: number }
  | {
      readonly executor: 'per-worker-iterations'
      readonly messagesPerWorker: number
      /** How many workers take part. */
      readonly workers: number
    }
  | { readonly executor: 'constant-workers'; readonly durationSeconds: number }
  | {
      readonly executor: 'ramping-workers'
      readonly startWorkers: number
      readonly stages: readonly Stage[]
    }
  | {
      readonly executor: 'constant-arrival-rate'
      readonly ratePerSecond: number
      readonly durationSeconds: number
    }
  | {
      readonly executor: 'ramping-arrival-rate'
      readonly startRatePerSecond: number
      readonly stages: readonly Stage[]
    }

/** Which part of a load is this generator's, when several offer it together: index is 0-based. */
export interface Split {
  readonly index: number
  readonly generators: number
}
