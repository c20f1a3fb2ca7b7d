import type { Usage } from '../../containers/service.ts'
import type { Clock } from '../engine/clock.ts'
import type { MinAvgMax, ResourceSample, ResourceUsage } from '../engine/result.ts'

/** Anything with a resource usage; undefined when it cannot be read, as after its end. */
export interface Sampled {
  readonly name: string
  usage(): Promise<Usage | undefined>
}

const SECOND_MS = 1_000
/** A last, shorter second is sampled only when it is long enough for the kernel's CPU ticks of 10 ms. */
const LAST_SECOND_MS = 250

/** Reads the usage of each service at the end of every second of a run. */
export class ResourceSampler {
  readonly #services: readonly Sampled[]
  readonly #clock: Clock
  readonly #samples = new Map<string, ResourceSample[]>()
  #startedMs = 0
  #stopped = false
  #cancel: () => void = () => {}
  #reading: Promise<void> = Promise.resolve()

  constructor(services: readonly Sampled[], clock: Clock) {
    this.#services = services
    this.#clock = clock
  }

  /** Starts second 0. CPU is measured between readings, so one is taken here. */
  async start(): Promise<void> {
    await Promise.all(this.#services.map((service) => service.usage()))
    this.#startedMs = this.#clock.nowMs()
    this.#wakeAfter(0)
  }

  /** Readings so far, by service. */
  get soFar(): Readonly<Record<string, { readonly samples: readonly ResourceSample[] }>> {
    return Object.fromEntries([...this.#samples].map(([name, samples]) => [name, { samples }]))
  }

  /** Ends the run and returns each service's usage; services without a sample are left out. */
  async stop(): Promise<Record<string, ResourceUsage>> {
    this.#stopped = true
    this.#cancel()
    await this.#reading
    const elapsedMs = this.#clock.nowMs() - this.#startedMs
    const second = Math.floor(elapsedMs / SECOND_MS)
    if (elapsedMs - second * SECOND_MS >= LAST_SECOND_MS || this.#samples.size === 0) {
      await this.#read(second)
    }
    return Object.fromEntries([...this.#samples].map(([name, samples]) => [name, summaryOf(samples)]))
  }

  /** A reading that takes longer than a second skips the seconds it covers. */
  #wakeAfter(second: number): void {
    this.#cancel = this.#clock.wakeAt(this.#startedMs + (second + 1) * SECOND_MS, () => {
      this.#reading = this.#read(second).then(() => {
        const passed = Math.floor((this.#clock.nowMs() - this.#startedMs) / SECOND_MS)
        if (!this.#stopped) this.#wakeAfter(Math.max(passed, second + 1))
      })
    })
  }

  async #read(second: number): Promise<void> {
    await Promise.all(
      this.#services.map(async (service) => {
        const reading = await service.usage()
        if (reading === undefined) return
        const { name } = service
        const samples = this.#samples.get(name) ?? []
        this.#samples.set(name, samples)
        samples.push(sampleOf(second, reading))
      }),
    )
  }
}

function sampleOf(
  second: number,
  { cpuPercent, memoryBytes, receivedBytes, sentBytes }: Usage,
): ResourceSample {
  return {
    second,
    cpu_percent: cpuPercent,
    memory_bytes: memoryBytes,
    ...(receivedBytes === undefined ? {} : { received_bytes: receivedBytes }),
    ...(sentBytes === undefined ? {} : { sent_bytes: sentBytes }),
  }
}

/** Usage during a part of the run, on that part's own time axis. */
export function usageDuring(
  usage: Readonly<Record<string, ResourceUsage>>,
  { fromSecond, seconds }: { readonly fromSecond: number; readonly seconds: number },
): Record<string, ResourceUsage> {
  const before = Math.floor(fromSecond)
  const within = ({ second }: ResourceSample) => second >= before && second < fromSecond + seconds
  return Object.fromEntries(
    Object.entries(usage).flatMap(([name, { samples }]) => {
      const own = samples.filter(within).map((sample) => ({ ...sample, second: sample.second - before }))
      return own.length === 0 ? [] : [[name, summaryOf(own)]]
    }),
  )
}

export function summaryOf(samples: readonly ResourceSample[]): ResourceUsage {
  const hasNetwork = samples.some((sample) => sample.received_bytes !== undefined)
  return {
    cpu_percent: minAvgMax(samples.map((sample) => sample.cpu_percent)),
    memory_bytes: minAvgMax(samples.map((sample) => sample.memory_bytes)),
    ...(hasNetwork ? { network: networkOf(samples) } : {}),
    samples,
  }
}

function networkOf(samples: readonly ResourceSample[]): NonNullable<ResourceUsage['network']> {
  return {
    received_bytes: samples.reduce((sum, sample) => sum + (sample.received_bytes ?? 0), 0),
    sent_bytes: samples.reduce((sum, sample) => sum + (sample.sent_bytes ?? 0), 0),
  }
}

function minAvgMax(values: readonly number[]): MinAvgMax {
  const sum = values.reduce((total, value) => total + value, 0)
  // Not Math.max(...): two days of samples are more than a call takes arguments.
  return {
    min: values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY),
    avg: sum / values.length,
    max: values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY),
  }
}
