import { MailstormError } from '../../src/error.ts'
import type { LedgerEntry, ServerLedger } from '../../src/ledger/ledger.ts'
import type { ServiceEnd, Usage } from '../service.ts'
import type { RunningSmtpServer } from '../smtp-server.ts'
import { KeeperClient, type ServiceState } from './api.ts'
import type { KeptServer, KeptState } from './state.ts'

/** How often to ask the keeper whether a server still runs. */
const WATCH_INTERVAL_MS = 1_000

/**
 * An SMTP server kept by `mailstorm start`, as a stress run uses it. Stopping it here leaves it running. When
 * the keeper restarts it, its end is still reported, and its ledger covers all its lives.
 */
export class KeptSmtpServer implements RunningSmtpServer {
  readonly backend: 'embedded' | 'docker'
  readonly name: string
  readonly host: string
  readonly port: number
  readonly implicitTlsPort: number | undefined
  readonly ca: string | undefined
  readonly pid: number
  readonly noLedger?: string
  readonly #keeper: KeeperClient
  readonly #watch: NodeJS.Timeout
  /** Earlier ends are not this run's concern. */
  readonly #sinceEpochMs = Date.now()
  #end = Promise.withResolvers<ServiceEnd | undefined>()
  #endedBy: string | undefined
  #lastSeenEnd: string | undefined
  #looking: Promise<void> | undefined

  constructor(
    server: KeptServer,
    { backend, apiPort }: Pick<KeptState, 'backend' | 'apiPort'>,
    answerWithinMs?: number,
  ) {
    this.backend = backend.name
    this.name = server.name
    this.host = server.host
    this.port = server.port
    this.implicitTlsPort = server.implicitTlsPort ?? undefined
    this.ca = server.ca ?? undefined
    this.pid = server.pid
    if (server.noLedger !== null) this.noLedger = server.noLedger
    this.#keeper = new KeeperClient({ apiPort }, answerWithinMs)
    this.#watch = setInterval(() => void this.look(), WATCH_INTERVAL_MS).unref()
  }

  get endedBy(): string | undefined {
    return this.#endedBy
  }

  /** How its present life ended. */
  get ended(): Promise<ServiceEnd | undefined> {
    return this.#end.promise
  }

  ledger(runId: string): Promise<ServerLedger> {
    return this.#keeper.ledger(this.name, runId)
  }

  entries(runId: string): AsyncGenerator<LedgerEntry> {
    return this.#keeper.entries(this.name, runId)
  }

  async usage(): Promise<Usage | undefined> {
    // A keeper that has ended must not end the run that samples its servers.
    const status = await this.#keeper.statusOf(this.name).catch(() => undefined)
    if (status?.cpu_percent == null || status.memory_bytes === null) return undefined
    return { cpuPercent: status.cpu_percent, memoryBytes: status.memory_bytes }
  }

  async logTail(lines: number): Promise<string[]> {
    return this.#keeper.logs(this.name, lines)
  }

  async stop(): Promise<void> {
    clearInterval(this.#watch)
    this.#end.resolve(undefined)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  /** Asks for its state, one question at a time. A keeper that cannot be reached has ended, and its servers with it. */
  look(): Promise<void> {
    this.#looking ??= this.#ask().finally(() => {
      this.#looking = undefined
    })
    return this.#looking
  }

  async #ask(): Promise<void> {
    try {
      const answer = await this.#keeper.stateOf(this.name)
      if (answer !== undefined) return this.#take(answer)
    } catch (error) {
      // The machine is busy: ask again at the next look.
      if (error instanceof MailstormError && error.code === 'CONTROL_TIMEOUT') return
    }
    clearInterval(this.#watch)
    this.#ends({ by: 'ended with its keeper', atEpochMs: Date.now() })
  }

  #take({ state, last_end: end }: ServiceState): void {
    if (end !== null && end.at !== this.#lastSeenEnd) {
      this.#lastSeenEnd = end.at
      const atEpochMs = Date.parse(end.at)
      if (state !== 'running' || atEpochMs >= this.#sinceEpochMs) this.#ends({ by: end.by, atEpochMs })
    }
    if (state === 'running') this.#runsAgain()
  }

  #ends(end: ServiceEnd): void {
    if (this.#endedBy !== undefined) return
    this.#endedBy = end.by
    this.#end.resolve(end)
  }

  #runsAgain(): void {
    if (this.#endedBy === undefined) return
    this.#endedBy = undefined
    this.#end = Promise.withResolvers()
  }
}
