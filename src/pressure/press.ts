import { setTimeout as delay } from 'node:timers/promises'
import { errorText, MailstormError } from '../error.ts'
import type { Tenant } from '../programs/tenants/tenant.ts'
import { Drain, type Monitor } from './monitor.ts'
import type { PressControl, Pressed, PressParts, PressPlan, PressTenant } from './parts.ts'
import { type PressureProgress, RecentRate } from './progress.ts'
import { ProxyCounters, type ProxyReading, type ProxyTotals } from './proxies/reading.ts'
import { recordsOf, type Sample } from './records.ts'

const SECOND_MS = 1_000
const LOOK_EVERY_MS = 250
/** Interval of calls to tenants during the drain, whatever the proxy's own interval is. */
const CALL_EVERY_MS = 5_000
/** Most distinct failures of the run's own requests to report. */
const MOST_NOTED = 5
/** After everything is settled, surplus deliveries may still come for this long. */
const LATE_DELIVERIES_MS = 1_000

/** One run: tenants hand over messages for a while, then the queue drains; everything is recorded. */
export function press(parts: PressParts, plan: PressPlan, control: PressControl): Promise<Pressed> {
  return new Press(parts, plan, control).run()
}

class Press {
  readonly #parts: PressParts
  readonly #plan: PressPlan
  readonly #control: PressControl
  readonly #observation: Observation
  #startedAtEpochMs = 0
  #generatedUntilEpochMs: number | undefined
  #sampling: Promise<void> = Promise.resolve()
  readonly #noted = new Set<string>()
  #calledAtMs = Number.NEGATIVE_INFINITY

  constructor(parts: PressParts, plan: PressPlan, control: PressControl) {
    this.#parts = parts
    this.#plan = plan
    this.#control = control
    this.#observation = new Observation(parts)
  }

  async run(): Promise<Pressed> {
    const { events, begin } = this.#parts
    this.#startedAtEpochMs = Date.now()
    events.begin(this.#startedAtEpochMs)
    const timers = this.#plan.acts.map(({ atMs, act }) => setTimeout(act, atMs))
    const ticker = setInterval(() => this.#tick(), SECOND_MS)
    try {
      await begin()
      await this.#generate()
      await this.#drain()
    } finally {
      clearInterval(ticker)
      for (const timer of timers) clearTimeout(timer)
    }
    await this.#sampling
    return this.#records()
  }

  async #generate(): Promise<void> {
    const { durationMs, callEveryMs } = this.#plan
    const untilEpochMs = this.#startedAtEpochMs + durationMs
    while (Date.now() < untilEpochMs && !this.#isExhausted()) {
      if (callEveryMs !== undefined) await this.#callTenants(callEveryMs, (tenant) => !isQuiet(tenant))
      if (!(await this.#pause(Math.min(LOOK_EVERY_MS, untilEpochMs - Date.now())))) break
    }
    this.#generatedUntilEpochMs = Date.now()
    for (const { tenant } of this.#parts.tenants) tenant.stopGenerating()
  }

  /** Every tenant has handed over all that it may. */
  #isExhausted(): boolean {
    return this.#parts.tenants.every(
      ({ tenant: { facts, books } }) =>
        books.handedOverCount >= (facts.maxMessages ?? Number.POSITIVE_INFINITY),
    )
  }

  async #drain(): Promise<void> {
    const { states } = this.#parts.monitor
    const drain = new Drain(this.#plan.drain, performance.now())
    this.#calledAtMs = Number.NEGATIVE_INFINITY
    let state = drain.look(states, performance.now())
    while (state === 'going-on') {
      // Includes tenants that asked not to be disturbed: they would otherwise learn of their messages only
      // after that.
      await this.#callTenants(CALL_EVERY_MS, () => true)
      if (!(await this.#pause(LOOK_EVERY_MS))) return
      await this.#observation.readDeliveries()
      state = drain.look(states, performance.now())
    }
    if (state !== 'done') this.#parts.events.add(this.#gaveUp(state))
    await this.#pause(LATE_DELIVERIES_MS)
  }

  #gaveUp(state: 'quiet' | 'too-long'): string {
    const { handedOver, settled } = this.#parts.monitor.states
    const { quietMs, drainMs } = this.#plan.drain
    const why =
      state === 'quiet'
        ? `nothing moved for ${quietMs / SECOND_MS} s`
        : `the queue had not drained after ${drainMs / SECOND_MS} s`
    const left = (handedOver - settled).toLocaleString('en')
    return `gave up waiting: ${why}, with ${left} messages unsettled`
  }

  /** At most once per interval. */
  async #callTenants(everyMs: number, wanted: (tenant: Tenant) => boolean): Promise<void> {
    if (performance.now() - this.#calledAtMs < everyMs) return
    this.#calledAtMs = performance.now()
    const [proxy] = this.#parts.proxies
    const tenants = this.#parts.tenants.filter(({ tenant }) => wanted(tenant))
    await Promise.all(
      tenants.map(({ tenant, apiKey }) =>
        proxy?.runNow(tenant.facts.tenantId, apiKey).catch((error: Error) => {
          // A refusal explains a queue that does not move; a proxy that is away is noticed elsewhere.
          if (error instanceof MailstormError && error.code === 'PROXY_REFUSED') this.#noteOnce(error)
        }),
      ),
    )
  }

  /** Failures of the run's own requests explain missing figures. */
  #noteOnce({ message, cause }: Error): void {
    const what = cause instanceof Error ? `${message}: ${cause.message}` : message
    if (this.#noted.has(what) || this.#noted.size >= MOST_NOTED) return
    this.#noted.add(what)
    this.#parts.events.add(what.replace(/\.$/, ''))
  }

  /** False when the run has to end at once. */
  async #pause(ms: number): Promise<boolean> {
    const { signal } = this.#control
    await delay(Math.max(0, ms), undefined, { signal }).catch(ignore)
    return !signal.aborted
  }

  /** One at a time: an observation that takes longer than a second skips seconds. */
  #tick(): void {
    const second = Math.floor((Date.now() - this.#startedAtEpochMs) / SECOND_MS) - 1
    const sampled = this.#sampling.then(() => this.#observation.sample(second))
    this.#sampling = sampled
      .then((sample) => sample && this.#tell(sample.totals?.pending ?? null))
      .catch((error: Error) => this.#noteOnce(error))
  }

  #tell(pending: number | null): void {
    const nowMs = Date.now()
    const leftMs = this.#startedAtEpochMs + this.#plan.durationMs - nowMs
    const draining = this.#generatedUntilEpochMs !== undefined
    this.#control.onProgress({
      phase: draining ? 'draining' : 'generating',
      elapsed_seconds: (nowMs - this.#startedAtEpochMs) / SECOND_MS,
      left_seconds: draining ? null : Math.max(0, leftMs / SECOND_MS),
      ...this.#observation.figures(nowMs, pending),
    })
  }

  async #records(): Promise<Pressed> {
    const endedAtEpochMs = Date.now()
    const { monitor, events, tenants, proxies } = this.#parts
    // In this order, while messages may still move along: what has left the queue was delivered before
    // deliveries are read, and those before reports.
    const queues = await queuesOf(this.#parts)
    await this.#observation.readDeliveries()
    await this.#observation.lastSample(
      Math.max(0, Math.ceil((endedAtEpochMs - this.#startedAtEpochMs) / SECOND_MS) - 1),
    )
    if (proxies.length > 0 && this.#observation.samples.every(({ totals }) => totals === undefined))
      events.add('no proxy could be read at /metrics: its queue and its own counts are unknown')
    return {
      startedAtEpochMs: this.#startedAtEpochMs,
      generatedUntilEpochMs: this.#generatedUntilEpochMs ?? endedAtEpochMs,
      endedAtEpochMs,
      tenants: tenants.map((tenant) => this.#tenantRecords(tenant, queues)),
      deliveries: monitor.deliveries,
      mails: this.#parts.mails,
      unknownBecause: this.#control.deliveriesLost() ?? this.#observation.unread,
      uncertain: new Set(tenants.flatMap(({ tenant }) => tenant.books.uncertain())),
      samples: this.#observation.samples,
      events: events.all,
    }
  }

  #tenantRecords({ tenant, limitPerMinute }: PressTenant, queues: Queues) {
    const { tenantId } = tenant.facts
    const attachments = this.#parts.monitor.attachmentsOf(tenantId)
    return recordsOf(tenant, { attachments, limitPerMinute, queued: queues.get(tenantId) })
  }
}

/** Whether it is inside a DND window. */
function isQuiet({ syncs }: Tenant): boolean {
  return (syncs.at(-1)?.dndUntilEpochMs ?? 0) > Date.now()
}

/** The run has ended, which the caller checks. */
function ignore(): undefined {}

type ProgressFigures = Pick<
  PressureProgress,
  'handed_over' | 'delivered' | 'reported' | 'errors' | 'sync_calls' | 'pending' | 'rate' | 'p95_ms'
>

/** Observes proxies and sinks repeatedly, and keeps what it sees. */
class Observation {
  readonly samples: Sample[] = []
  readonly #parts: Pick<PressParts, 'proxies' | 'sources' | 'monitor'>
  readonly #counters = new ProxyCounters()
  readonly #rate = new RecentRate()
  #reading: Promise<void> | undefined
  #unread: string | undefined

  constructor({ proxies, sources, monitor, known }: PressParts) {
    this.#parts = { proxies, sources, monitor }
    for (const [name, reading] of known) this.#counters.begin(name, reading)
  }

  /** Why the last reading of a sink failed; undefined when it succeeded. */
  get unread(): string | undefined {
    return this.#unread
  }

  /** The state at the end of a second; undefined when already known. */
  async sample(second: number): Promise<Sample | undefined> {
    if (this.samples.some((sample) => sample.second >= second)) return undefined
    const [totals] = await Promise.all([this.#readProxies(), this.readDeliveries()])
    const sample = { second, totals }
    this.samples.push(sample)
    return sample
  }

  /** Replaces the last second's sample, which may have been taken before its end. */
  async lastSample(second: number): Promise<void> {
    const totals = await this.#readProxies()
    const at = this.samples.findIndex((sample) => sample.second >= second)
    this.samples.splice(at === -1 ? this.samples.length : at, Number.POSITIVE_INFINITY, { second, totals })
  }

  /** Reads new deliveries from all sinks; concurrent calls share one reading. */
  readDeliveries(): Promise<void> {
    this.#reading ??= this.#readSources().finally(() => {
      this.#reading = undefined
    })
    return this.#reading
  }

  figures(nowMs: number, pending: number | null): ProgressFigures {
    const { monitor } = this.#parts
    const { handedOver, delivered, reported } = monitor.states
    return {
      handed_over: handedOver,
      delivered,
      reported,
      errors: monitor.errors,
      sync_calls: monitor.syncCalls,
      pending,
      rate: this.#rate.add(delivered, nowMs),
      p95_ms: monitor.p95Ms,
    }
  }

  async #readProxies(): Promise<ProxyTotals | undefined> {
    const readings = new Map<string, ProxyReading>()
    await Promise.all(
      this.#parts.proxies.map(async (proxy) => {
        const reading = await proxy.reading()
        if (reading !== undefined) readings.set(proxy.name, reading)
      }),
    )
    return readings.size === 0 ? undefined : this.#counters.add(readings)
  }

  async #readSources(): Promise<void> {
    const { sources, monitor } = this.#parts
    const failures = await Promise.all(sources.map((source) => failureOf(source, monitor)))
    this.#unread = failures.find((failure) => failure !== undefined)
  }
}

async function failureOf(
  source: PressParts['sources'][number],
  monitor: Monitor,
): Promise<string | undefined> {
  try {
    monitor.delivered(await source.read())
    return undefined
  } catch (error) {
    return `${source.name} could not be read: ${errorText((error as Error).cause ?? error)}`
  }
}

/** Ids still waiting in the proxies, by tenant; without tenants whose queue cannot be read. */
type Queues = ReadonlyMap<string, ReadonlySet<string>>

/** Asked only when something is missing. Any proxy may answer: they share the queue. */
async function queuesOf({
  monitor,
  tenants,
  proxies,
}: Pick<PressParts, 'monitor' | 'tenants' | 'proxies'>): Promise<Queues> {
  const ids = tenants.map(({ tenant }) => tenant.facts.tenantId)
  if (monitor.states.settled >= monitor.states.handedOver) return new Map(ids.map((id) => [id, new Set()]))
  const queues = new Map<string, ReadonlySet<string>>()
  await Promise.all(
    ids.map(async (id) => {
      try {
        queues.set(id, await Promise.any(proxies.map((proxy) => proxy.queuedIds(id))))
      } catch {
        // No proxy answers, so it is unknown which messages are lost.
      }
    }),
  )
  return queues
}
