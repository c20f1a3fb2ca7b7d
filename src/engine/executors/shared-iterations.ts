import { always, closed, type Executor } from './executor.ts'

interface SharedIterations {
  readonly executor: 'shared-iterations'
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
