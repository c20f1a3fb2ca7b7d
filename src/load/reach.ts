import type { Pacer } from './pacer.ts'

/** What is known of a plan's messages beside their outcomes. */
export interface ReachFacts {
  readonly pacer: Pick<Pacer, 'model' | 'dueBy'>
  /** Messages of the plan. */
  readonly planned: number
  /** Taken from the plan by some thread. */
  readonly claimed: number
  /** Of these, the ones that a thread still held back when it ended: they never began. */
  readonly heldBack: number
  /** Messages with an outcome. */
  readonly ended: number
  /** When the run was told to end early, ms after its start; undefined when it was not. */
  readonly stoppedAtMs?: number | undefined
}

/** Messages without an outcome of their own, and why they have none. */
export interface Reach {
  /** Due, but not started before the drain ended (open model). */
  readonly dropped: number
  /** Not due (open model) or not begun (closed model) when the run was ended early. */
  readonly notReached: number
  /** Begun; the thread that had them ended, or was given up, before it told how they went. */
  readonly untold: number
}

/** planned = ended + dropped + notReached + untold, none of them negative. */
export function reachOf({ pacer, planned, claimed, heldBack, ended, stoppedAtMs }: ReachFacts): Reach {
  const untold = Math.max(0, Math.min(claimed - heldBack, planned) - ended)
  const begun = ended + untold
  const due = pacer.model === 'closed' ? begun : dueBy(pacer, planned, stoppedAtMs)
  // The order to stop takes a moment to reach the threads: what they began until then was due.
  const reached = Math.min(planned, Math.max(due, begun))
  return { dropped: reached - begun, notReached: planned - reached, untold }
}

function dueBy(pacer: ReachFacts['pacer'], planned: number, stoppedAtMs: number | undefined): number {
  return stoppedAtMs === undefined ? planned : pacer.dueBy(stoppedAtMs)
}
