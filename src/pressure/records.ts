import type { HandedOver, MessageOutcome, SyncRecord } from '../programs/tenants/books.ts'
import type { AttachmentServed } from '../programs/tenants/options.ts'
import type { DeliveryBook } from './delivery-book.ts'
import type { ProxyTotals } from './proxy-totals.ts'
import type { RunEvent, TenantRow } from './result.ts'

/** What one tenant knows at the end of a run. */
export interface TenantRecords {
  readonly tenantId: string
  readonly accountId: string
  /** The seed's statistics, and what the profile is. */
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
