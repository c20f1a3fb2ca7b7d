import type { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import type { Usage } from '../service.ts'
import { type ContainerHandle, readJsonLines } from './dockerode.ts'

/** One line of the engine's statistics of a container; one comes every second. */
export interface StatsLine {
  /** Time of the reading, RFC 3339; Go's zero time when the container is not running. */
  readonly read: string
  readonly cpu_stats: { readonly cpu_usage: { readonly total_usage: number } }
  readonly memory_stats: {
    readonly usage?: number
    readonly stats?: { readonly total_inactive_file?: number; readonly inactive_file?: number }
  }
  readonly networks?: Readonly<Record<string, { readonly rx_bytes: number; readonly tx_bytes: number }>>
}

/** Go's zero time. */
const NEVER = '0001-'
/** Lines come every second, the first within two. */
const LINE_WITHIN_MS = 5_000

/** Resource use of a container, from the engine's statistics stream; opened on first use. */
export class Stats {
  readonly #container: ContainerHandle
  #opened: Promise<Readable> | undefined
  #newest: StatsLine | undefined
  #counted: StatsLine | undefined
  #awaited = Promise.withResolvers<void>()

  constructor(container: ContainerHandle) {
    this.#container = container
  }

  /**
   * Use since the previous reading, up to a line that arrives after the call, so that nothing done before the
   * call is left out. Takes up to a second. Undefined when no line comes. The first reading takes any line.
   */
  async usage(): Promise<Usage | undefined> {
    this.#opened ??= this.#open()
    try {
      await this.#opened
    } catch {
      return undefined
    }
    if (this.#newest === undefined || this.#counted !== undefined) await this.#nextLine()
    if (this.#newest === undefined || this.#newest === this.#counted) return undefined
    const usage = usageBetween(this.#counted, this.#newest)
    this.#counted = this.#newest
    return usage
  }

  async close(): Promise<void> {
    const stream = await this.#opened?.catch(() => undefined)
    stream?.destroy()
  }

  async #open(): Promise<Readable> {
    const stream = (await this.#container.stats({ stream: true })) as Readable
    const see = (stats: StatsLine) => {
      // After a container has ended, the engine keeps sending empty readings.
      if (!stats.read.startsWith(NEVER)) this.#newest = stats
      this.#awaited.resolve()
      this.#awaited = Promise.withResolvers()
    }
    readJsonLines(stream, see, () => this.#awaited.resolve())
    return stream
  }

  #nextLine(): Promise<unknown> {
    return Promise.race([this.#awaited.promise, delay(LINE_WITHIN_MS, undefined, { ref: false })])
  }
}

/** Use between two lines; without a first line the rates are unknown. */
export function usageBetween(before: StatsLine | undefined, now: StatsLine): Usage {
  const memoryBytes = memoryOf(now)
  if (before === undefined) return { cpuPercent: 0, memoryBytes, receivedBytes: 0, sentBytes: 0 }
  const busyNs = now.cpu_stats.cpu_usage.total_usage - before.cpu_stats.cpu_usage.total_usage
  const elapsedNs = (Date.parse(now.read) - Date.parse(before.read)) * 1e6
  const [net, netBefore] = [networkOf(now), networkOf(before)]
  return {
    // Counters of a restarted container start at zero again.
    cpuPercent: elapsedNs > 0 ? Math.max(0, (100 * busyNs) / elapsedNs) : 0,
    memoryBytes,
    receivedBytes: Math.max(0, net.received - netBefore.received),
    sentBytes: Math.max(0, net.sent - netBefore.sent),
  }
}

/** As `docker stats` shows it: without the reclaimable file cache (names of cgroup v1 and v2). */
function memoryOf({ memory_stats: { usage = 0, stats } }: StatsLine): number {
  return Math.max(0, usage - (stats?.total_inactive_file ?? stats?.inactive_file ?? 0))
}

function networkOf({ networks = {} }: StatsLine): { received: number; sent: number } {
  const all = Object.values(networks)
  return {
    received: all.reduce((sum, { rx_bytes: bytes }) => sum + bytes, 0),
    sent: all.reduce((sum, { tx_bytes: bytes }) => sum + bytes, 0),
  }
}
