import type { ServiceEnd, Usage } from '../service.ts'
import type { RunningContainer } from './container.ts'

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
