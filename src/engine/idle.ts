import { type FailureKind, mergeFailureKinds } from './failure-kinds.ts'
import { mergeSparse, type SparseHistogram } from './histogram.ts'

/** What became of sessions that were opened and left alone: plain data that merges. */
export interface IdleRecording {
  readonly asked: number
  readonly opened: number
  /** Ended by the server while nothing was said. */
  readonly ended: number
  /** Opened in place of those that had ended, or were about to. */
  readonly renewed: number
  /** The shortest time after which each target ended one. */
  readonly limits: readonly IdleLimitRecording[]
  /** How long they had been open then. */
  readonly endedAfter: SparseHistogram
  /** Why sessions could not be opened, and how the server ended them. */
  readonly failures: readonly FailureKind<number>[]
}

export interface IdleLimitRecording {
  readonly target: number
  readonly afterMs: number
  /** What it said then, or how the connection ended. */
  readonly text: string
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
    renewed: a.renewed + b.renewed,
    limits: shortestLimits([...a.limits, ...b.limits]),
    endedAfter: mergeSparse(a.endedAfter, b.endedAfter),
    failures: mergeFailureKinds([a.failures, b.failures]),
  }
}

function shortestLimits(limits: readonly IdleLimitRecording[]): IdleLimitRecording[] {
  const byTarget = new Map<number, IdleLimitRecording>()
  for (const limit of limits) {
    const known = byTarget.get(limit.target)
    if (known === undefined || limit.afterMs < known.afterMs) byTarget.set(limit.target, limit)
  }
  return [...byTarget.values()]
}
