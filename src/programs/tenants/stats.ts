import type { DraftAttachment } from './draft.ts'

/** Answer of `GET /stats`: the fields documented by genro-mail-proxy's pressure test, and more. */
export interface TenantStats {
  readonly client_id: string
  readonly tenant_id: string
  readonly uptime_seconds: number
  readonly sync_calls: number
  readonly reports_received: number
  readonly messages_generated: number
  readonly attachments_served: number
  readonly attachment_mb_served: number
  /** Same as generation_cache_hit_rate, under its documented name. */
  readonly cache_hit_rate: number
  /** Share of generated attachments that repeat an earlier one. */
  readonly generation_cache_hit_rate: number
  /** Share of avoidable fetches that the proxy's cache avoided; null when there were none. */
  readonly delivery_cache_hit_rate: number | null
  readonly dnd_periods: number
  readonly dnd_violations: number
  readonly errors: number
  readonly msg_per_sync: number
}

/** Counts since the start, or since the last reset. */
export class Counters {
  startedAtEpochMs: number
  syncCalls = 0
  reportsReceived = 0
  messagesGenerated = 0
  attachmentsGenerated = 0
  attachmentsRepeated = 0
  attachmentsServed = 0
  attachmentBytesServed = 0
  dndPeriods = 0
  dndViolations = 0
  /** Requests not understood or not served, malformed reports, failed pushes, refused messages. */
  errors = 0

  constructor(startedAtEpochMs: number) {
    this.startedAtEpochMs = startedAtEpochMs
  }
}

export interface StatsParts {
  readonly clientId: string
  readonly tenantId: string
  readonly nowEpochMs: number
  readonly counters: Counters
  readonly deliveryHitRate: number | null
}

const MEGABYTE = 1024 ** 2

export function tenantStats({
  clientId,
  tenantId,
  nowEpochMs,
  counters,
  deliveryHitRate,
}: StatsParts): TenantStats {
  const generationHitRate = rounded(ratio(counters.attachmentsRepeated, counters.attachmentsGenerated), 4)
  return {
    client_id: clientId,
    tenant_id: tenantId,
    uptime_seconds: rounded((nowEpochMs - counters.startedAtEpochMs) / 1000, 3),
    sync_calls: counters.syncCalls,
    reports_received: counters.reportsReceived,
    messages_generated: counters.messagesGenerated,
    attachments_served: counters.attachmentsServed,
    attachment_mb_served: rounded(counters.attachmentBytesServed / MEGABYTE, 2),
    cache_hit_rate: generationHitRate,
    generation_cache_hit_rate: generationHitRate,
    delivery_cache_hit_rate: deliveryHitRate === null ? null : rounded(deliveryHitRate, 4),
    dnd_periods: counters.dndPeriods,
    dnd_violations: counters.dndViolations,
    errors: counters.errors,
    msg_per_sync: rounded(ratio(counters.messagesGenerated, counters.syncCalls), 2),
  }
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits))
}

interface Use {
  /** In messages reported as sent. */
  sent: number
  /** Complete fetches. */
  fetches: number
}

/** How many fetches the proxy avoids, as far as its tenant can see. */
export class CacheUsage {
  readonly #uses = new Map<string, Use>()

  sent({ md5 }: Pick<DraftAttachment, 'md5'>): void {
    this.#use(md5).sent += 1
  }

  fetched(md5: string): void {
    this.#use(md5).fetches += 1
  }

  /**
   * Share of avoidable fetches that were avoided; null when there were none. Counts only sent messages, because
   * pending ones would look avoided.
   */
  hitRate(): number | null {
    let sparable = 0
    let spared = 0
    for (const { sent, fetches } of this.#uses.values()) {
      const mostSpared = Math.max(0, sent - 1)
      sparable += mostSpared
      spared += Math.max(0, mostSpared - Math.max(0, fetches - 1))
    }
    return sparable === 0 ? null : spared / sparable
  }

  #use(md5: string): Use {
    const known = this.#uses.get(md5)
    if (known !== undefined) return known
    const use = { sent: 0, fetches: 0 }
    this.#uses.set(md5, use)
    return use
  }
}
