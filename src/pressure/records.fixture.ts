import type { ReportReceived } from '../programs/tenants/books.ts'
import { type Delivery, DeliveryBook } from './deliveries.ts'
import type { RunRecords, TenantRecords } from './records.ts'

export interface TenantScene extends Partial<TenantRecords> {
  readonly reports?: readonly ReportReceived[]
}

/** A tenant that did nothing, with changes. */
export function tenantRecords({ reports = [], ...change }: TenantScene = {}): TenantRecords {
  const find = (id: string, kind: string) => reports.find((one) => one.id === id && one.kind === kind)
  return {
    tenantId: 't',
    accountId: 'smtp-t',
    counted: {
      client_id: 't-1',
      profile: 'standard',
      intake: 'response',
      messages_generated: change.handedOver?.length ?? 0,
      attachments_served: 0,
      attachment_mb_served: 0,
      generation_cache_hit_rate: 0,
      delivery_cache_hit_rate: null,
      dnd_periods: 0,
      msg_per_sync: 0,
    },
    handedOver: [],
    outcomeOf: (id) => ({
      sent: find(id, 'sent'),
      error: find(id, 'error'),
      deferrals: 0,
      repeated: 0,
      reports: [],
    }),
    syncs: [],
    attachments: [],
    limitPerMinute: undefined,
    queued: new Set(),
    ...change,
  }
}

export interface RunScene extends Partial<Omit<RunRecords, 'deliveries'>> {
  readonly deliveries?: readonly Delivery[]
}

/** A run from 0 to 10 s with 6 s of hand-over, with changes. */
export function runRecords({ deliveries = [], ...change }: RunScene = {}): RunRecords {
  const book = new DeliveryBook()
  for (const delivery of deliveries) book.add(delivery)
  return {
    startedAtEpochMs: 0,
    generatedUntilEpochMs: 6_000,
    endedAtEpochMs: 10_000,
    tenants: [],
    deliveries: book,
    mails: undefined,
    unknownBecause: undefined,
    uncertain: new Set(),
    samples: [],
    memory: { proxies: new Map(), testProcess: new Map() },
    events: [],
    ...change,
  }
}
