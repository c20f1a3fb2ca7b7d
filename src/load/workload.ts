/** Executors by k6's names. The pacer of each is in pacer.ts. */
export const EXECUTORS = ['shared-iterations', 'constant-arrival-rate'] as const
export type Executor = (typeof EXECUTORS)[number]

/** When and how many messages are to start; knows nothing of what a message is. */
export type Schedule =
  | { readonly executor: 'shared-iterations'; readonly messages: number }
  | {
      readonly executor: 'constant-arrival-rate'
      readonly ratePerSecond: number
      readonly durationSeconds: number
    }
