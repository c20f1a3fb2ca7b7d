/**
 * When and how many messages are to start; knows nothing of what a message is. Executors have k6's
 * names; the pacer of each is in pacer.ts.
 */
export type Schedule =
  | { readonly executor: 'shared-iterations'; readonly messages: number }
  | {
      readonly executor: 'constant-arrival-rate'
      readonly ratePerSecond: number
      readonly durationSeconds: number
    }
