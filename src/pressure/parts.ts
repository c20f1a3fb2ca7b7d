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

/** A part that may end while a run needs it, and what that means for the run. */
export interface Watched {
  readonly name: string
  readonly ended: Promise<ServiceEnd | undefined>
  /** `noted`: others go on. `fatal`: the run is over. `deliveries`: and what was delivered is no longer known. */
  readonly means: 'noted' | 'fatal' | 'deliveries'
}

/** Where mail ends, and how it is read from there. */
export interface Sinks extends AsyncDisposable {
  readonly smtp: Address
  readonly sources: readonly DeliverySource[]
  readonly sampled: readonly Sampled[]
  readonly watched: readonly Watched[]
  readonly logged: readonly Logged[]
  /** Where messages with larger attachments go; undefined = all go to the same. */
  readonly large: { readonly smtp: Address; readonly fromBytes: number } | undefined
}

/** The proxies of a run, booted for it or running already. */
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
  /** How the tenants are reached. */
  readonly tenantsBy: 'fakes' | 'ports'
}

/** What happened to the parts of a run, with its second. */
export class RunEvents {
  readonly #events: RunEvent[] = []
  #startedAtEpochMs = Date.now()

  /** Second 0 is here; what came before it has none below. */
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
