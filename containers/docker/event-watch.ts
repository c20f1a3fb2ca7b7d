import { constants } from 'node:os'
import type { Readable } from 'node:stream'
import type { ServiceEnd } from '../service.ts'
import { type Docker, readJsonLines } from './dockerode.ts'

/** One line of the engine's event stream. */
interface EngineEvent {
  readonly Action?: string
  readonly Actor?: { readonly Attributes?: Readonly<Record<string, string>> }
}

const SIGKILL = '9'
/** Time from the end of a stopped container to its next start, when it is being restarted. */
const RESTART_WITHIN_MS = 2_000

/** Watches the engine's events of a container: how it ends, and what happens to it before. */
export class EventWatch {
  /** Resolves when the container ended by itself; with undefined when close() was called first. */
  readonly ended: Promise<ServiceEnd | undefined>
  readonly #end = Promise.withResolvers<ServiceEnd | undefined>()
  readonly #stream: Readable
  readonly #docker: Docker
  readonly #id: string
  #endedBy: string | undefined
  #closed = false
  #outOfMemory = 0
  /** The engine was asked to stop it, which may be the first half of a restart. */
  #toldToStop = false
  #onStart: (() => void) | undefined

  /** Opened before the container starts, so that no event is missed. */
  static async open(docker: Docker, id: string): Promise<EventWatch> {
    const stream = await docker.getEvents({ filters: { type: ['container'], container: [id] } })
    return new EventWatch(docker, id, stream as Readable)
  }

  private constructor(docker: Docker, id: string, stream: Readable) {
    this.#docker = docker
    this.#id = id
    this.#stream = stream
    this.ended = this.#end.promise
    readJsonLines<EngineEvent>(
      stream,
      (event) => this.#see(event),
      () => this.#over('lost from view: the container engine ended its stream of events', Date.now()),
    )
  }

  get endedBy(): string | undefined {
    return this.#endedBy
  }

  /**
   * How often the engine killed one of its processes for lack of memory, whether or not the container lived on.
   */
  get outOfMemory(): number {
    return this.#outOfMemory
  }

  /** Whatever happens from now on is our own doing. */
  close(): void {
    this.#closed = true
    this.#end.resolve(undefined)
    this.#stream.destroy()
  }

  #see({ Action: action, Actor: actor }: EngineEvent): void {
    if (action === 'oom') this.#outOfMemory++
    if (action === 'kill') this.#toldToStop = actor?.Attributes?.signal !== SIGKILL
    if (action === 'start') this.#onStart?.()
    if (action === 'die') void this.#died(Number(actor?.Attributes?.exitCode), Date.now())
  }

  async #died(exitCode: number, atEpochMs: number): Promise<void> {
    const how = causeOf(exitCode, await this.#killedForMemory())
    const restarted = this.#toldToStop && (await this.#startsAgain())
    this.#over(restarted ? `restarted from outside (it ${how})` : how, atEpochMs)
  }

  /** The out-of-memory event may come after the one for the end. */
  async #killedForMemory(): Promise<boolean> {
    try {
      const { State } = await this.#docker.getContainer(this.#id).inspect()
      return State.OOMKilled || this.#outOfMemory > 0
    } catch {
      // Somebody else has removed it already.
      return this.#outOfMemory > 0
    }
  }

  #startsAgain(): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), RESTART_WITHIN_MS)
      this.#onStart = () => {
        clearTimeout(timer)
        resolve(true)
      }
    })
  }

  #over(by: string, atEpochMs: number): void {
    if (this.#closed || this.#endedBy !== undefined) return
    this.#endedBy = by
    this.#end.resolve({ by, atEpochMs })
  }
}

/** Engines report 128 + the signal for a process ended by a signal, as shells do. */
export function causeOf(exitCode: number, killedForMemory: boolean): string {
  const number = exitCode - 128
  const signal = Object.entries(constants.signals).find(([, value]) => value === number)?.[0]
  if (signal === 'SIGKILL' && killedForMemory) return 'killed for memory (OOM)'
  return signal === undefined ? `exited with code ${exitCode}` : `killed by ${signal}`
}
