import { errorText } from '../error.ts'
import type { Monitor } from './monitor.ts'
import type { PressParts } from './press-parts.ts'
import { type PressureProgress, RecentRate } from './progress.ts'
import type { ProxyReading } from './proxy-reading.ts'
import { ProxyCounters, type ProxyTotals } from './proxy-totals.ts'
import type { Sample } from './records.ts'

export type ProgressFigures = Pick<
  PressureProgress,
  'handed_over' | 'delivered' | 'reported' | 'errors' | 'sync_calls' | 'pending' | 'rate' | 'p95_ms'
>

/** Looks at proxies and sinks again and again, and keeps what it sees. */
export class Observation {
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

  /** Why the last look at a sink failed; undefined when it did not. */
  get unread(): string | undefined {
    return this.#unread
  }

  /** What is known at the end of a second; undefined when that is known already. */
  async sample(second: number): Promise<Sample | undefined> {
    if (this.samples.some((sample) => sample.second >= second)) return undefined
    const [totals] = await Promise.all([this.#readProxies(), this.readDeliveries()])
    const sample = { second, totals }
    this.samples.push(sample)
    return sample
  }

  /** In place of a sample of the last second that may have been taken before its end. */
  async lastSample(second: number): Promise<void> {
    const totals = await this.#readProxies()
    const at = this.samples.findIndex((sample) => sample.second >= second)
    this.samples.splice(at === -1 ? this.samples.length : at, Number.POSITIVE_INFINITY, { second, totals })
  }

  /** New deliveries of all sinks; whoever comes while they are being read waits for that. */
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
