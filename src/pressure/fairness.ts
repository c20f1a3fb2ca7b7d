import { quantileMs, type SparseHistogram } from '../engine/histogram.ts'

/** A p95 of fewer messages is one slow message. */
const LEAST_MESSAGES = 20
/** Below this nobody is kept waiting, whatever the ratio: one cycle of the send loop. */
export const FLOOR_MS = 1_000

/** A tenant who has more than this part of all messages, or of all attachments' bytes, floods the proxy. */
const FLOOD_SHARE = 0.5

/** What one tenant handed over. */
export interface TenantLoad {
  /** Times of its messages without attachments, which cost the proxy the same for every tenant. */
  readonly plainEndToEnd: SparseHistogram
  readonly messages: number
  readonly attachmentBytes: number
}

/**
 * The slowest tenant's p95 against the fastest's, times below a second counting as one: a flood of one tenant, or
 * its 50 MB files, must not hold the others back. Who floods waits behind his own mail, so his p95 says nothing of
 * that and counts as the fastest only. Null with fewer than two tenants to compare.
 */
export function fairnessOf(tenants: readonly TenantLoad[]): number | null {
  const floods = (of: 'messages' | 'attachmentBytes', tenant: TenantLoad) =>
    tenant[of] > FLOOD_SHARE * tenants.reduce((sum, one) => sum + one[of], 0)
  const compared = tenants
    .filter(({ plainEndToEnd }) => plainEndToEnd.count >= LEAST_MESSAGES)
    .map((tenant) => ({
      p95Ms: Math.max(FLOOR_MS, quantileMs(tenant.plainEndToEnd, 0.95)),
      floods: floods('messages', tenant) || floods('attachmentBytes', tenant),
    }))
  const heldBack = compared.filter(({ floods }) => !floods).map(({ p95Ms }) => p95Ms)
  if (compared.length < 2 || heldBack.length === 0) return null
  const slowest = heldBack.reduce((most, p95Ms) => Math.max(most, p95Ms), 0)
  const fastest = compared.reduce((least, { p95Ms }) => Math.min(least, p95Ms), Number.POSITIVE_INFINITY)
  return Math.max(1, slowest / fastest)
}
