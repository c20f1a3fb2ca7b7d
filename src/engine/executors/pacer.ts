import type { Pacer } from './executor.ts'
import { executorOf, type Schedule } from './registry.ts'

/** Which part of a load is this generator's, when several offer it together: index is 0-based. */
export interface Split {
  readonly index: number
  readonly generators: number
}

/** The pacer of a schedule, or of one generator's part of it. */
export function createPacer(schedule: Schedule, split?: Split): Pacer {
  const executor = executorOf(schedule)
  const whole = executor.pacer(schedule)
  // The messages of the other executors belong to workers, and these are what is dealt out.
  return split !== undefined && executor.dealtBy === 'message' ? dealtPacer(whole, split) : whole
}

/** Every `generators`-th message of the whole, from the `index`-th on, at its time in the whole. */
function dealtPacer(whole: Pacer, split: Split): Pacer {
  return {
    ...whole,
    total: dealtCount(whole.total, split),
    dueMs: (n) => whole.dueMs(split.index + n * split.generators),
    dueBy: (elapsedMs) => dealtCount(whole.dueBy(elapsedMs), split),
  }
}

/** How many of the first `count` of a plan are this generator's. */
export function dealtCount(count: number, { index, generators }: Split): number {
  return Math.max(0, Math.ceil((count - index) / generators))
}
