import type { SyncRecord } from '../programs/tenants/books.ts'

/**
 * How long after the end of each DND window the tenant was called again, in ms. Windows in which it was called
 * all the same are violations and not counted here, nor are those that end after `untilEpochMs`, when the run
 * itself wakes all tenants.
 */
export function dndResumesMs(syncs: readonly SyncRecord[], untilEpochMs: number): number[] {
  const inOrder = syncs.toSorted((a, b) => a.startedAtEpochMs - b.startedAtEpochMs)
  return inOrder.flatMap(({ dndUntilEpochMs, outcome }, index) => {
    const next = inOrder[index + 1]
    if (dndUntilEpochMs === undefined || outcome !== 'answered' || next === undefined) return []
    if (dndUntilEpochMs > untilEpochMs || next.insideDnd) return []
    return [Math.max(0, next.startedAtEpochMs - dndUntilEpochMs)]
  })
}

/** Milliseconds of the span that the tenant spent in DND windows. */
export function dndMs(syncs: readonly SyncRecord[], fromEpochMs: number, toEpochMs: number): number {
  return syncs.reduce((sum, { endedAtEpochMs, dndUntilEpochMs, outcome }) => {
    if (dndUntilEpochMs === undefined || outcome !== 'answered') return sum
    const [from, to] = [Math.max(fromEpochMs, endedAtEpochMs), Math.min(toEpochMs, dndUntilEpochMs)]
    return sum + Math.max(0, to - from)
  }, 0)
}
