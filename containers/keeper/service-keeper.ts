import { setTimeout as sleepFor } from 'node:timers/promises'
import { packageCommand } from '../../src/packages.ts'
import { foreignText } from '../../src/text/foreign-text.ts'
import type { RunningService, ServiceEnd, Usage } from '../service.ts'

/** Most restarts of a service within any minute. */
export const RESTARTS_PER_MINUTE = 5
const MINUTE_MS = 60_000
/** Wait before the first restart of a minute; doubled for each further one: 0.25, 0.5, 1, 2, 4 s. */
const FIRST_WAIT_MS = 250
const LOG_LINES_SAID = 10
/** As many as an embedded process keeps. */
const LOG_LINES_KEPT = 500

export const LIFE_STATES = ['running', 'ended', 'restarting', 'given up'] as const
export type LifeState = (typeof LIFE_STATES)[number]

type Again<R> = Omit<RunningService, 'startAgain'> & { startAgain?(): Promise<R> }

export interface KeeperOptions {
  /** Whether to restart a service that has ended by itself. */
  readonly restarts: boolean
  /** Prints one or more lines for whoever started the services. */
  say(text: string): void
  /** Called when a service is back, in a new process. */
  cameBack?(): void
  /** Monotonic clock, in milliseconds. */
  nowMs?(): number
  /** Rejects when the signal fires. */
  sleep?(ms: number, signal: AbortSignal): Promise<unknown>
}

/** Reports every service that ends by itself, and restarts it if asked to. */
export class ServiceKeeper {
  readonly options: KeeperOptions
  readonly services: KeptService[] = []

  constructor(options: KeeperOptions) {
    this.options = options
  }

  /** Takes over the service: from now on stop it through the returned object. */
  keep<R extends Again<R>>(service: R, address: string): KeptService<R> {
    const kept = new KeptService<R>(service, address, this.options)
    this.services.push(kept)
    return kept
  }

  /** Call before stopping services on purpose: from now on no end is reported, and nothing is restarted. */
  rest(): void {
    for (const service of this.services) service.rest()
  }
}

/** A kept service, through all its lives. */
export class KeptService<R extends Again<R> = RunningService> implements AsyncDisposable {
  readonly name: string
  /** Address to connect to; the same in every life. */
  readonly address: string
  readonly #options: KeeperOptions
  readonly #rest = new AbortController()
  /** When restarts were tried in the last minute. */
  readonly #attemptsMs: number[] = []
  #current: R
  #state: LifeState = 'running'
  #restarts = 0
  #lastEnd: ServiceEnd | undefined
  #earlierLog: string[] = []
  #booting: Promise<unknown> = Promise.resolve()

  constructor(service: R, address: string, options: KeeperOptions) {
    this.name = service.name
    this.address = address
    this.#current = service
    this.#options = options
    void this.#watch()
  }

  /** The service in its present life, or its last. */
  get current(): R {
    return this.#current
  }

  get state(): LifeState {
    return this.#state
  }

  /** How often it was restarted. */
  get restarts(): number {
    return this.#restarts
  }

  get lastEnd(): ServiceEnd | undefined {
    return this.#lastEnd
  }

  usage(): Promise<Usage | undefined> {
    return this.#current.usage()
  }

  /** Includes earlier lives. */
  async logTail(lines: number): Promise<string[]> {
    const own = await this.#current.logTail(lines)
    return [...this.#earlierLog, ...own].slice(-lines)
  }

  rest(): void {
    this.#rest.abort()
  }

  async stop(): Promise<void> {
    this.rest()
    await this.#booting
    await this.#current.stop()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  async #watch(): Promise<void> {
    for (;;) {
      const end = await this.#current.ended
      if (end === undefined || this.#rest.signal.aborted) return
      this.#lastEnd = end
      this.#state = this.#options.restarts ? 'restarting' : 'ended'
      await this.#sayEnd(end)
      if (!this.#options.restarts || !(await this.#bringBack())) return
    }
  }

  async #sayEnd({ by, atEpochMs }: ServiceEnd): Promise<void> {
    // A container may be gone, and its log with it.
    const lines = await this.#current.logTail(LOG_LINES_SAID).catch(() => [])
    const log = lines.map((line) => `    ${foreignText(line)}`)
    const advice = this.#options.restarts
      ? []
      : [
          `  It is not restarted. To boot everything again: ${packageCommand('mailstorm stop')}, ${packageCommand('mailstorm start')}.`,
          `  ${packageCommand('mailstorm start --restart')} restarts what dies.`,
        ]
    const wrote = log.length === 0 ? '  It wrote no log.' : '  The end of its log:'
    this.#say(atEpochMs, `has ended: ${by}.`, [wrote, ...log, ...advice])
  }

  /** Resolves with whether it runs again. */
  async #bringBack(): Promise<boolean> {
    const { sleep = (ms, signal) => sleepFor(ms, undefined, { signal }) } = this.#options
    for (;;) {
      const waitMs = this.#nextWaitMs()
      if (waitMs === undefined) return this.#giveUp()
      const rested = await sleep(waitMs, this.#rest.signal).then(
        () => false,
        () => true,
      )
      if (rested || this.#rest.signal.aborted) return false
      const booting = this.#bootAgain()
      this.#booting = booting
      if (await booting) return true
    }
  }

  /** Undefined when the attempts of the last minute are used up. */
  #nextWaitMs(): number | undefined {
    const { nowMs = () => performance.now() } = this.#options
    while (nowMs() - (this.#attemptsMs[0] ?? Number.POSITIVE_INFINITY) >= MINUTE_MS) this.#attemptsMs.shift()
    const tried = this.#attemptsMs.length
    if (tried >= RESTARTS_PER_MINUTE) return undefined
    this.#attemptsMs.push(nowMs())
    return FIRST_WAIT_MS * 2 ** tried
  }

  async #bootAgain(): Promise<boolean> {
    try {
      if (this.#current.startAgain === undefined) throw new Error(`${this.name} cannot be restarted`)
      const log = await this.#current.logTail(LOG_LINES_KEPT)
      this.#current = await this.#current.startAgain()
      this.#earlierLog = [...this.#earlierLog, ...log].slice(-LOG_LINES_KEPT)
    } catch (error) {
      if (!this.#rest.signal.aborted) {
        const lines = (error as Error).message.split('\n').map((line) => `    ${foreignText(line)}`)
        this.#say(Date.now(), 'could not be started again:', lines)
      }
      return false
    }
    if (this.#rest.signal.aborted) return true
    this.#state = 'running'
    this.#restarts += 1
    this.#say(Date.now(), `is running again at ${this.address} (restarted ${times(this.#restarts)}).`)
    this.#options.cameBack?.()
    return true
  }

  #giveUp(): false {
    this.#state = 'given up'
    this.#say(Date.now(), `was given up after ${RESTARTS_PER_MINUTE} restarts within a minute.`, [
      `  Its log says why it dies: ${packageCommand('mailstorm logs')}. To start over: ${packageCommand('mailstorm stop')}, then ${packageCommand('mailstorm start')}.`,
    ])
    return false
  }

  #say(atEpochMs: number, what: string, more: readonly string[] = []): void {
    this.#options.say([`${clockTime(atEpochMs)} ${this.name} ${what}`, ...more].join('\n'))
  }
}

/** Local time of day: 12:00:03. */
export function clockTime(epochMs: number): string {
  return new Date(epochMs).toTimeString().slice(0, 8)
}

export function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`
}
