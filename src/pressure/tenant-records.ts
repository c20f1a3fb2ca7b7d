import type { Tenant } from '../programs/tenants/tenant.ts'
import type { TenantRecords } from './records.ts'

/** What a tenant knows at the end of a run, as plain data. */
export function recordsOf(
  tenant: Tenant,
  beside: Pick<TenantRecords, 'attachments' | 'limitPerMinute' | 'queued'>,
): TenantRecords {
  const { facts, books, syncs } = tenant
  const stats = tenant.stats()
  return {
    tenantId: facts.tenantId,
    accountId: facts.accountId,
    counted: {
      client_id: facts.clientId,
      profile: facts.profile,
      intake: facts.intake,
      messages_generated: stats.messages_generated,
      attachments_served: stats.attachments_served,
      attachment_mb_served: stats.attachment_mb_served,
      generation_cache_hit_rate: stats.generation_cache_hit_rate,
      delivery_cache_hit_rate: stats.delivery_cache_hit_rate,
      dnd_periods: stats.dnd_periods,
      msg_per_sync: stats.msg_per_sync,
    },
    handedOver: [...books.handedOver()],
    outcomeOf: (id) => books.outcomeOf(id),
    syncs,
    ...beside,
  }
}
