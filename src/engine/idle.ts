import { type FailureKind, mergeFailureKinds } from './failure-kinds.ts'
import { mergeSparse, type SparseHistogram } from './histogram.ts'

/** What became of sessions that were opened and left alone: plain data that merges. */
export interface IdleRecording {
  readonly asked: number
  readonly opened: number
  /** Ended by the server while nothing was said. */
  readonly ended: number
  /** How long they had been open then. */
  readonly endedAfter: SparseHistogram
  /** Why sessions could not be opened, and how the server ended them. */
  readonly failures: readonly FailureKind<number>[]
}

export function mergeIdle(
  a: IdleRecording | undefined,
  b: IdleRecording | undefined,
): IdleRecording | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return {
    asked: a.asked + b.asked,
    opened: a.opened + b.opened,
    ended: a.ended + b.ended,
    endedAfter: mergeSparse(a.endedAfter, b.endedAfter),
    failures: mergeFailureKinds([a.failures, b.failures]),
  }
}
