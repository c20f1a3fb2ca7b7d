import type { MessageBooks } from './books.ts'
import type { CacheUsage } from './cache-usage.ts'
import type { TenantClock } from './clock.ts'
import type { MessageGenerator } from './generator.ts'
import type { TenantConfig } from './options.ts'
import type { Outbox } from './outbox.ts'
import type { Pusher } from './push.ts'
import type { Random } from './random.ts'
import type { Counters } from './stats.ts'
import type { SyncBooks } from './syncs.ts'

/** What a tenant is made of. */
export interface TenantParts {
  readonly config: TenantConfig
  readonly clock: TenantClock
  readonly generator: MessageGenerator
  readonly outbox: Outbox
  /** Undefined: messages go in the answer. */
  readonly pusher: Pusher | undefined
  readonly books: MessageBooks
  readonly syncs: SyncBooks
  readonly counters: Counters
  readonly cacheUsage: CacheUsage
  readonly dnd: Random
  readonly faults: Random
  isGenerating(): boolean
}
