import { Histogram, type SparseHistogram } from '../../engine/histogram.ts'
import type { SyncRecord } from '../../programs/tenants/books.ts'
import type { DeliveryBook } from '../deliveries.ts'
import type { RunRecords, TenantRecords } from '../records.ts'

/** How long things took for one tenant, or several together. */
export interface Times {
  /** From hand-over to the sink. */
  readonly endToEnd: SparseHistogram
  /** The same, only for messages without attachments. */
  readonly plainEndToEnd: SparseHistogram
  /** From the sink to the delivery report at the tenant. */
  readonly reportLag: SparseHistogram
  readonly syncResponse: SparseHistogram
  readonly dndResume: SparseHistogram
}

type Kind = keyof Times
const KINDS: readonly Kind[] = ['endToEnd', 'plainEndToEnd', 'reportLag', 'syncResponse', 'dndResume']

export function timesOf(tenant: TenantRecords, records: RunRecords): Times {
  const histograms = new Map(KINDS.map((kind) => [kind, new Histogram()]))
  const record = (kind: Kind, ms: number) => histograms.get(kind)?.record(ms)
  addMessages(tenant, records.deliveries, record)
  for (const { startedAtEpochMs, endedAtEpochMs } of tenant.syncs)
    record('syncResponse', endedAtEpochMs - startedAtEpochMs)
  for (const ms of dndResumesMs(tenant.syncs, records.generatedUntilEpochMs)) record('dndResume', ms)
  return sparse(histograms)
}

function addMessages(
  { handedOver, outcomeOf }: TenantRecords,
  deliveries: DeliveryBook,
  record: (kind: Kind, ms: number) => void,
): void {
  for (const { id, handedOverAtEpochMs, attachments } of handedOver) {
    const atEpochMs = deliveries.firstAtEpochMs(id)
    if (atEpochMs === undefined) continue
    record('endToEnd', atEpochMs - handedOverAtEpochMs)
    if (attachments.length === 0) record('plainEndToEnd', atEpochMs - handedOverAtEpochMs)
    const sent = outcomeOf(id)?.sent
    if (sent !== undefined) record('reportLag', sent.receivedAtEpochMs - atEpochMs)
  }
}

/** The times of all tenants together. */
export function mergedTimes(parts: readonly Times[]): Times {
  const histograms = new Map(KINDS.map((kind) => [kind, new Histogram()]))
  for (const part of parts) for (const kind of KINDS) histograms.get(kind)?.merge(part[kind])
  return sparse(histograms)
}

function sparse(histograms: ReadonlyMap<Kind, Histogram>): Times {
  return Object.fromEntries([...histograms].map(([kind, all]) => [kind, all.toSparse()])) as unknown as Times
}

/**
 * How long after each DND window the tenant was called again, in ms. Leaves out windows in which it was called
 * anyway (those are violations) and windows that end after `untilEpochMs`, when the run itself wakes all
 * tenants.
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

/** Milliseconds that the tenant spent in DND windows within the span. */
export function dndMs(syncs: readonly SyncRecord[], fromEpochMs: number, toEpochMs: number): number {
  return syncs.reduce((sum, { endedAtEpochMs, dndUntilEpochMs, outcome }) => {
    if (dndUntilEpochMs === undefined || outcome !== 'answered') return sum
    const [from, to] = [Math.max(fromEpochMs, endedAtEpochMs), Math.min(toEpochMs, dndUntilEpochMs)]
    return sum + Math.max(0, to - from)
  }, 0)
}
