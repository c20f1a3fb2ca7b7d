import type { HandedOver, MessageOutcome, SyncRecord } from '../programs/tenants/books.ts'
import type { AttachmentServed } from '../programs/tenants/options.ts'
import type { Tenant } from '../programs/tenants/tenant.ts'
import type { DeliveryBook } from './deliveries.ts'
import type { ProxyTotals } from './proxies/reading.ts'
import type { RunEvent, TenantRow } from './result.ts'

/** What one tenant knows at the end of a run. */
export interface TenantRecords {
  readonly tenantId: string
  readonly accountId: string
  /** The tenant's statistics (`/stats`) and profile. */
  readonly counted: Pick<
    TenantRow,
    | 'client_id'
    | 'profile'
    | 'intake'
    | 'messages_generated'
    | 'attachments_served'
    | 'attachment_mb_served'
    | 'generation_cache_hit_rate'
    | 'delivery_cache_hit_rate'
    | 'dnd_periods'
    | 'msg_per_sync'
  >
  readonly handedOver: readonly HandedOver[]
  outcomeOf(id: string): MessageOutcome | undefined
  readonly syncs: readonly SyncRecord[]
  readonly attachments: readonly AttachmentServed[]
  /** Rate limit of its account; undefined: none. */
  readonly limitPerMinute: number | undefined
  /** Ids still waiting in the proxy; undefined when it could not be asked. */
  readonly queued: ReadonlySet<string> | undefined
}

/** A transaction that began, whatever became of it. */
export interface MailCommand {
  readonly sender: string
  readonly atEpochMs: number
}

/** State of the proxies at the end of one second. */
export interface Sample {
  readonly second: number
  /** Undefined when no proxy could be read. */
  readonly totals: ProxyTotals | undefined
}

/** Resident memory at the end of each second, by second. */
export interface MemoryRecords {
  /** All proxies together; empty when unknown. */
  readonly proxies: ReadonlyMap<number, number>
  readonly testProcess: ReadonlyMap<number, number>
}

/** Everything a run records, before figures are made of it. */
export interface RunRecords {
  readonly startedAtEpochMs: number
  /** End of generation. */
  readonly generatedUntilEpochMs: number
  readonly endedAtEpochMs: number
  readonly tenants: readonly TenantRecords[]
  readonly deliveries: DeliveryBook
  /** From a server that records them; undefined without one. */
  readonly mails: readonly MailCommand[] | undefined
  /** Why deliveries are unknown; undefined when they are known. */
  readonly unknownBecause: string | undefined
  /** Ids offered but never confirmed: neither handed over nor unknown. */
  readonly uncertain: ReadonlySet<string>
  readonly samples: readonly Sample[]
  readonly memory: MemoryRecords
  readonly events: readonly RunEvent[]
}

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
