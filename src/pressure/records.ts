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
  /** The tenant's own statistics (`/stats`), and its profile. */
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
  /** What its account may send; undefined = any number. */
  readonly limitPerMinute: number | undefined
  /** Ids that still wait in the proxy; undefined when it could not be asked. */
  readonly queued: ReadonlySet<string> | undefined
}

/** A transaction that was begun, whatever became of it. */
export interface MailCommand {
  readonly sender: string
  readonly atEpochMs: number
}

/** The state of the proxies at the end of one second. */
export interface Sample {
  readonly second: number
  /** Undefined when no proxy could be read. */
  readonly totals: ProxyTotals | undefined
}

/** Resident memory at the end of each second, by second. */
export interface MemoryRecords {
  /** All proxies together; empty where it cannot be told. */
  readonly proxies: ReadonlyMap<number, number>
  readonly testProcess: ReadonlyMap<number, number>
}

/** All that a run leaves, before anything is made of it. */
export interface RunRecords {
  readonly startedAtEpochMs: number
  /** End of the generation. */
  readonly generatedUntilEpochMs: number
  readonly endedAtEpochMs: number
  readonly tenants: readonly TenantRecords[]
  readonly deliveries: DeliveryBook
  /** Of a server that noted them; undefined = of none. */
  readonly mails: readonly MailCommand[] | undefined
  /** Why the deliveries are not known; undefined when they are. */
  readonly unknownBecause: string | undefined
  /** Ids that were offered and never confirmed: neither handed over nor strange. */
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
