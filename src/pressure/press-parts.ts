import type { Tenant } from '../programs/tenants/tenant.ts'
import type { DeliverySource } from './delivery.ts'
import type { DrainLimits } from './drain.ts'
import type { RunEvents } from './events.ts'
import type { Monitor } from './monitor.ts'
import type { PressureProgress } from './progress.ts'
import type { ProxyClient } from './proxy-client.ts'
import type { ProxyReading } from './proxy-reading.ts'
import type { MailCommand, RunRecords } from './records.ts'

/** A tenant of a run. */
export interface PressTenant {
  readonly tenant: Tenant
  readonly limitPerMinute: number | undefined
  /** Its own key, where the proxy gave one. */
  apiKey: string | undefined
}

/** All that a run works with; all of it runs. */
export interface PressParts {
  readonly monitor: Monitor
  readonly events: RunEvents
  readonly tenants: readonly PressTenant[]
  readonly sources: readonly DeliverySource[]
  readonly proxies: readonly ProxyClient[]
  /** What the proxies had counted before; empty for those that were booted for this run. */
  readonly known: ReadonlyMap<string, ProxyReading>
  /** What a server in front of the sink notes; it grows. */
  readonly mails?: readonly MailCommand[] | undefined
  /** Makes the tenants known to the proxies: the run begins with it. */
  begin(): Promise<void>
}

export interface PressPlan {
  readonly durationMs: number
  readonly drain: DrainLimits
  /** Have tenants called so often, for a proxy that does so only every 5 minutes; undefined = it does by itself. */
  readonly callEveryMs: number | undefined
  /** Things to do at a time of the run. */
  readonly acts: readonly { readonly atMs: number; act(): void }[]
}

/** How a run is watched, and ended early. */
export interface PressControl {
  /** Ends the run at once. */
  readonly signal: AbortSignal
  /** Why deliveries are no longer known; undefined while they are. */
  deliveriesLost(): string | undefined
  onProgress(progress: Omit<PressureProgress, 'kind' | 'scenario' | 'part' | 'run_id'>): void
}

export type Pressed = Omit<RunRecords, 'memory'>
