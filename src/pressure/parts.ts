import type { ServiceEnd } from '../../containers/service.ts'
import type { Dialect } from '../programs/tenants/options.ts'
import type { Tenant } from '../programs/tenants/tenant.ts'
import type { Logged } from '../run/archive-logs.ts'
import type { Sampled } from '../run/resource-sampler.ts'
import type { DeliverySource } from './deliveries.ts'
import type { DrainLimits, Monitor } from './monitor.ts'
import type { PressureProgress } from './progress.ts'
import type { ProxyClient } from './proxies/client.ts'
import type { ProxyReading } from './proxies/reading.ts'
import type { MailCommand, RunRecords } from './records.ts'
import type { ProxyFacts, RunEvent } from './result.ts'
import type { Address } from './scene/slow-link.ts'

/** A tenant of a run. */
export interface PressTenant {
  readonly tenant: Tenant
  readonly limitPerMinute: number | undefined
  /** The tenant's own key, if the proxy issued one. */
  apiKey: string | undefined
}

/** Everything a run works with; all of it is running. */
export interface PressParts {
  readonly monitor: Monitor
  readonly events: RunEvents
  readonly tenants: readonly PressTenant[]
  readonly sources: readonly DeliverySource[]
  readonly proxies: readonly ProxyClient[]
  /** What the proxies had counted before the run; empty for those booted for it. */
  readonly known: ReadonlyMap<string, ProxyReading>
  /** Commands recorded by a server in front of the sink; grows during the run. */
  readonly mails?: readonly MailCommand[] | undefined
  /** Registers the tenants with the proxies, which starts the run. */
  begin(): Promise<void>
}

export interface PressPlan {
  readonly durationMs: number
  readonly drain: DrainLimits
  /**
   * How often to have tenants called, for a proxy that does so only every 5 minutes; undefined: it does by
   * itself.
   */
  readonly callEveryMs: number | undefined
  /** Actions at a given time of the run. */
  readonly acts: readonly { readonly atMs: number; act(): void }[]
}

/** How a run is watched and ended early. */
export interface PressControl {
  /** Ends the run at once. */
  readonly signal: AbortSignal
  /** Why deliveries are no longer known; undefined while they are. */
  deliveriesLost(): string | undefined
  onProgress(progress: Omit<PressureProgress, 'kind' | 'scenario' | 'part' | 'run_id'>): void
}

export type Pressed = Omit<RunRecords, 'memory'>

/** A part that may end while a run needs it, and what its end means for the run. */
export interface Watched {
  readonly name: string
  readonly ended: Promise<ServiceEnd | undefined>
  /** `noted`: the run goes on. `fatal`: it ends. `deliveries`: it ends, and what was delivered is unknown. */
  readonly means: 'noted' | 'fatal' | 'deliveries'
}

/** Where mail ends up, and how to read it from there. */
export interface Sinks extends AsyncDisposable {
  readonly smtp: Address
  readonly sources: readonly DeliverySource[]
  readonly sampled: readonly Sampled[]
  readonly watched: readonly Watched[]
  readonly logged: readonly Logged[]
  /** Where messages with larger attachments go; undefined: to the same sink. */
  readonly large: { readonly smtp: Address; readonly fromBytes: number } | undefined
}

/** The proxies of a run, booted for it or external. */
export interface Proxies extends AsyncDisposable {
  readonly facts: ProxyFacts
  readonly dialect: Dialect
  readonly clients: readonly ProxyClient[]
  readonly token: string | undefined
  /** What they had counted before the run. */
  readonly known: ReadonlyMap<string, ProxyReading>
  readonly sampled: readonly Sampled[]
  readonly watched: readonly Watched[]
  readonly logged: readonly Logged[]
  /** How tenants are reached: intercepted by msw, or on real ports. */
  readonly tenantsBy: 'fakes' | 'ports'
}

/** Events of a run, with their second. */
export class RunEvents {
  readonly #events: RunEvent[] = []
  #startedAtEpochMs = Date.now()

  /** Defines second 0; earlier events count as second 0 too. */
  begin(startedAtEpochMs: number): void {
    this.#startedAtEpochMs = startedAtEpochMs
  }

  add(what: string, atEpochMs: number = Date.now()): void {
    const seconds = Math.max(0, atEpochMs - this.#startedAtEpochMs) / 1000
    this.#events.push({ at_seconds: Math.round(seconds * 10) / 10, what })
  }

  get all(): readonly RunEvent[] {
    return this.#events.toSorted((a, b) => a.at_seconds - b.at_seconds)
  }
}
