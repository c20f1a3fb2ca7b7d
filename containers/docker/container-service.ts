import type { ServiceEnd, Usage } from '../service.ts'
import type { RunningContainer } from './container.ts'

/** The resources that a container may use. */
export interface Limits {
  /** CPU cores; a number above what the engine has means all of them. */
  readonly cpus: number
  readonly memoryBytes: number
}

/** Options that every service in a container takes beside its own. */
export interface DockerOptions {
  /** Default: differs per service. */
  readonly limits?: Limits
  /** Told before anything that takes time. Default: `console.info`. */
  readonly note?: (line: string) => void
}

/** Default limit for a service to become ready. */
export const READY_WITHIN_MS = 30_000
/** Limit for fetching an image, and for building one. */
export const IMAGE_WITHIN_MS = 300_000
/** Base image of our programs. */
export const NODE_IMAGE = 'node:24-alpine'

/** A service that runs in a container; each kind of service adds its ports. */
export class ContainerService implements AsyncDisposable {
  readonly backend = 'docker'
  readonly name: string
  readonly host: string
  /** Pid of the main process, on the engine's machine. */
  readonly pid: number
  readonly #container: RunningContainer

  constructor(container: RunningContainer) {
    this.name = container.name
    this.host = container.host
    this.pid = container.pid
    this.#container = container
  }

  get endedBy(): string | undefined {
    return this.#container.endedBy
  }

  get ended(): Promise<ServiceEnd | undefined> {
    return this.#container.ended
  }

  /** How often one of its processes was killed for lack of memory; the service may live on without it. */
  get outOfMemory(): number {
    return this.#container.outOfMemory
  }

  usage(): Promise<Usage | undefined> {
    return this.#container.usage()
  }

  logTail(lines: number): Promise<string[]> {
    return this.#container.logTail(lines)
  }

  /** Copies a file out of the container, even after it has ended. */
  protected copyOut(from: string, to: string): Promise<void> {
    return this.#container.copyOut(from, to)
  }

  stop(): Promise<void> {
    return this.#container.stop()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}
