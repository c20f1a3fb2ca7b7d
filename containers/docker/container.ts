import { GenericContainer } from 'testcontainers'
import type { ServiceEnd, Usage } from '../service.ts'
import { copyFileOut } from './archive.ts'
import type { ContainerHandle, Inspection } from './dockerode.ts'
import type { Engine } from './engine.ts'
import type { EventWatch } from './event-watch.ts'
import { logTailOf } from './log-tail.ts'
import type { Outfit } from './outfit.ts'
import { Stats } from './stats.ts'
import { gone } from './sweep.ts'

/** Testcontainers' container in our outfit. */
export class OutfittedContainer extends GenericContainer {
  readonly #outfit: Outfit

  constructor(outfit: Outfit) {
    super(outfit.plan.image)
    this.#outfit = outfit
    outfit.put(this, this.createOpts, this.hostConfig)
    this.networkMode = outfit.network
  }

  protected override containerCreated(id: string): Promise<void> {
    return this.#outfit.created(id)
  }
}

export interface ContainerParts {
  readonly name: string
  readonly engine: Engine
  readonly handle: ContainerHandle
  readonly watch: EventWatch
  readonly inspection: Inspection
}

/** A container of ours that runs, or did until it ended by itself. */
export class RunningContainer {
  readonly name: string
  readonly host: string
  /** Of its main process, on the engine's machine. */
  readonly pid: number
  readonly handle: ContainerHandle
  readonly #engine: Engine
  readonly #watch: EventWatch
  readonly #stats: Stats
  readonly #ports: Inspection['NetworkSettings']['Ports']
  #stopping: Promise<void> | undefined

  constructor({ name, engine, handle, watch, inspection }: ContainerParts) {
    this.name = name
    this.host = engine.host
    this.pid = inspection.State.Pid
    this.handle = handle
    this.#engine = engine
    this.#watch = watch
    this.#stats = new Stats(handle)
    this.#ports = inspection.NetworkSettings.Ports
  }

  /** Where a port of the container is published. */
  port(inside: number): number {
    const published = this.#ports[`${inside}/tcp`]?.[0]?.HostPort
    if (published === undefined) throw new RangeError(`${this.name} publishes no port ${inside}`)
    return Number(published)
  }

  get endedBy(): string | undefined {
    return this.#watch.endedBy
  }

  get ended(): Promise<ServiceEnd | undefined> {
    return this.#watch.ended
  }

  /** How often one of its processes was killed for memory; the container may live on without it. */
  get outOfMemory(): number {
    return this.#watch.outOfMemory
  }

  async usage(): Promise<Usage | undefined> {
    if (this.endedBy !== undefined || this.#stopping !== undefined) return undefined
    return this.#stats.usage()
  }

  /** None once it is removed, which stop() does. */
  logTail(lines: number): Promise<string[]> {
    return logTailOf(this.handle, lines)
  }

  /** Also of a container that has ended. */
  copyOut(from: string, to: string): Promise<void> {
    return copyFileOut(this.handle, from, to)
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#remove()
    return this.#stopping
  }

  /** With SIGKILL: nothing in it is worth the wait, and what it wrote goes with it. */
  async #remove(): Promise<void> {
    this.#watch.close()
    try {
      await this.#stats.close()
      await gone(this.handle.remove({ force: true, v: true }))
    } finally {
      await this.#engine.network.leave()
    }
  }
}
