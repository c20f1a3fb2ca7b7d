import type { RunRecords, TenantRecords } from './records.ts'

interface Use {
  delivered: number
  fetches: number
}

/**
 * Of the fetches that a perfect cache would have spared, the share that the proxy spared; null when there were
 * none. An attachment that came with n messages needs one fetch: n − 1 can be spared.
 */
export function sparedFetches(records: Pick<RunRecords, 'tenants' | 'deliveries'>): number | null {
  let spareable = 0
  let spared = 0
  for (const tenant of records.tenants) {
    for (const { delivered, fetches } of usesOf(tenant, records).values()) {
      const most = Math.max(0, delivered - 1)
      spareable += most
      spared += Math.max(0, most - Math.max(0, fetches - 1))
    }
  }
  return spareable === 0 ? null : spared / spareable
}

function usesOf(
  { handedOver, attachments }: TenantRecords,
  { deliveries }: Pick<RunRecords, 'deliveries'>,
): Map<string, Use> {
  const uses = new Map<string, Use>()
  const useOf = (md5: string): Use => {
    const use = uses.get(md5) ?? { delivered: 0, fetches: 0 }
    uses.set(md5, use)
    return use
  }
  for (const { id, attachments: expected } of handedOver) {
    if (deliveries.of(id).length > 0) for (const { md5 } of expected) useOf(md5).delivered += 1
  }
  for (const { md5, servedBytes, sizeBytes } of attachments) {
    if (servedBytes === sizeBytes) useOf(md5).fetches += 1
  }
  return uses
}
