import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import type { LedgerEntry, ServerLedger } from '../../src/ledger/ledger.ts'
import type { ServiceEnd, Usage } from '../service.ts'
import type { RunningSmtpServer } from '../smtp-server.ts'
import { KeeperClient } from './api.ts'
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

  constructor(server: KeptServer, { backend, apiPort }: Pick<KeptState, 'backend' | 'apiPort'>) {
    this.backend = backend.name
    this.name = server.name
    this.host = server.host
    this.port = server.port
    this.implicitTlsPort = server.implicitTlsPort ?? undefined
    this.ca = server.ca ?? undefined
    this.pid = server.pid
    if (server.noLedger !== null) this.noLedger = server.noLedger
    this.#keeper = new KeeperClient({ apiPort })
    this.#watch = setInterval(() => void this.look(), WATCH_INTERVAL_MS).unref()
  }

  get endedBy(): string | undefined {
    return this.#endedBy
  }

  /** End of its present life. */
  get ended(): Promise<ServiceEnd | undefined> {
    return this.#end.promise
  }

  async ledger(runId: string): Promise<ServerLedger> {
    return (await this.#get('/ledger', { run: runId })).json() as Promise<ServerLedger>
  }

  async *entries(runId: string): AsyncGenerator<LedgerEntry> {
    const { body } = await this.#get('/ledger/entries', { run: runId })
    if (body === null) return
    for await (const line of createInterface({ input: Readable.from(body) }))
      yield JSON.parse(line) as LedgerEntry
  }

  async usage(): Promise<Usage | undefined> {
    const status = await this.#keeper.statusOf(this.name)
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

  /** Asks for its state. A keeper that does not answer has ended, and its servers with it. */
  async look(): Promise<void> {
    const answer = await this.#keeper.stateOf(this.name).catch(() => undefined)
    if (answer === undefined) {
      clearInterval(this.#watch)
      return this.#ends({ by: 'ended with its keeper', atEpochMs: Date.now() })
    }
    const { state, last_end: end } = answer
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

  #get(path: string, query: Record<string, string>): Promise<Response> {
    return this.#keeper.get(path, { service: this.name, ...query })
  }
}
