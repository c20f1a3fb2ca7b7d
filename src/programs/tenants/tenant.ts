import { Random } from '../../random.ts'
import { MessageBooks, Outbox, SyncBooks, type SyncRecord } from './books.ts'
import {
  type AttachmentAnswer,
  answerAttachment,
  answerSync,
  type SyncAnswer,
  type TenantParts,
} from './calls.ts'
import { MessageGenerator } from './generator.ts'
import { type TenantConfig, type TenantOptions, tenantConfig } from './options.ts'
import { Pusher } from './push.ts'
import { CacheUsage, Counters, type TenantStats, tenantStats } from './stats.ts'

/** A tenant's effective options, as plain data for results. */
export type TenantFacts = Omit<TenantConfig, 'clock' | 'observer' | 'auth' | 'intake'> & {
  readonly intake: TenantConfig['intake']['style']
}

/** `GET /cache-info`. Contents are generated on request: nothing is stored. */
export interface CacheInfo {
  readonly cached_items: number
  /** Total size of the contents that may be repeated. */
  readonly cached_bytes: number
  readonly cached_mb: number
  readonly max_cache_mb: number
  readonly stored_bytes: 0
}

/** A simulated client of the mail proxy, independent of any transport. */
export class Tenant {
  readonly facts: TenantFacts
  readonly auth: TenantConfig['auth']
  readonly #parts: TenantParts
  #generating = true

  constructor(config: TenantConfig) {
    const { seed, runId, tenantId, clientId, intake, clock, observer, auth, ...facts } = config
    const name = [seed, tenantId, clientId].join('.')
    this.facts = Object.freeze({ seed, runId, tenantId, clientId, ...facts, intake: intake.style })
    this.auth = auth
    this.#parts = {
      config,
      clock,
      generator: new MessageGenerator(config),
      outbox: new Outbox(config.reofferAfterMs),
      pusher: intake.style === 'push' ? new Pusher(intake) : undefined,
      books: new MessageBooks(tenantId),
      syncs: new SyncBooks(),
      counters: new Counters(clock.epochMs()),
      cacheUsage: new CacheUsage(),
      dnd: new Random(`DND of ${name}`),
      faults: new Random(`faults of ${name}`),
      isGenerating: () => this.#generating,
    }
  }

  /** What was handed over, and what was reported about it. */
  get books(): MessageBooks {
    return this.#parts.books
  }

  /** The proxy's sync calls, in the order in which they ended. */
  get syncs(): readonly SyncRecord[] {
    return this.#parts.syncs.all
  }

  /** Optional; makes the first calls as fast as later ones. */
  prepare(): Promise<void> {
    return this.#parts.generator.prepare()
  }

  sync(body: unknown): Promise<SyncAnswer> {
    return answerSync(body, this.#parts)
  }

  attachment(storagePath: string): Promise<AttachmentAnswer> {
    return answerAttachment(storagePath, this.#parts)
  }

  /** From now on calls are acknowledged, without new messages or requests not to be disturbed. */
  stopGenerating(): void {
    this.#generating = false
  }

  /** Counts a request that could not be understood. */
  noteError(): void {
    this.#parts.counters.errors += 1
  }

  stats(): TenantStats {
    const { config, clock, counters, cacheUsage } = this.#parts
    const { clientId, tenantId } = config
    return tenantStats({
      clientId,
      tenantId,
      nowEpochMs: clock.epochMs(),
      counters,
      deliveryHitRate: cacheUsage.hitRate(),
    })
  }

  /** Resets the counters, not the books. */
  resetStats(): void {
    Object.assign(this.#parts.counters, new Counters(this.#parts.clock.epochMs()))
  }

  cacheInfo(): CacheInfo {
    const { remembered, mostBytes } = this.#parts.generator.repeatable()
    const bytes = remembered.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
    return {
      cached_items: remembered.length,
      cached_bytes: bytes,
      cached_mb: megabytes(bytes),
      max_cache_mb: megabytes(mostBytes),
      stored_bytes: 0,
    }
  }
}

function megabytes(bytes: number): number {
  return Number((bytes / 1024 ** 2).toFixed(2))
}

/** Throws a MailstormError that lists every bad option. */
export function createTenant(options: TenantOptions): Tenant {
  return new Tenant(tenantConfig(options))
}
