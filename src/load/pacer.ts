import type { Schedule } from './workload.ts'

/** When message n is due: pure arithmetic, no clock, no timer. */
export interface Pacer {
  /** `open`: messages are due whatever is in flight. `closed`: when a lane is free for them. */
  readonly model: 'open' | 'closed'
  /** How many messages the plan has. */
  readonly total: number
  /** Length of the attack window; undefined in the closed model, where it ends with the last start. */
  readonly windowMs: number | undefined
  /** Milliseconds after the start at which message `n` (0-based) is due; 0 in the closed model. */
  dueMs(n: number): number
  /** How many messages are due up to and at `elapsedMs` after the start. */
  dueBy(elapsedMs: number): number
}

export function createPacer(schedule: Schedule): Pacer {
  switch (schedule.executor) {
    case 'shared-iterations':
      return sharedIterations(schedule.messages)
    case 'constant-arrival-rate':
      return constantArrivalRate(schedule.ratePerSecond, schedule.durationSeconds)
    default:
      return schedule satisfies never
  }
}

function sharedIterations(messages: number): Pacer {
  return {
    model: 'closed',
    total: messages,
    windowMs: undefined,
    dueMs: () => 0,
    dueBy: (elapsedMs) => (elapsedMs < 0 ? 0 : messages),
  }
}

/** Message n is due at n / rate; n = 0 at the start, the last one before the window ends. */
function constantArrivalRate(ratePerSecond: number, durationSeconds: number): Pacer {
  // 0.1 · 30 is 3.0000000000000004 in floating point: still three messages.
  const total = Math.max(0, Math.ceil(ratePerSecond * durationSeconds - 1e-6))
  return {
    model: 'open',
    total,
    windowMs: durationSeconds * 1000,
    dueMs: (n) => (n * 1000) / ratePerSecond,
    dueBy(elapsedMs) {
      if (elapsedMs < 0) return 0
      return Math.min(total, Math.floor((elapsedMs * ratePerSecond) / 1000 + 1e-6) + 1)
    },
  }
}
