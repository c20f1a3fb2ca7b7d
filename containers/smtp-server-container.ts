import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { LedgerEntry, ServerLedger } from '../src/ledger/ledger.ts'
import { readLedgerEntries, readServerLedger } from '../src/programs/smtp-server/ledger.ts'
import type { RunningContainer } from './docker/container.ts'
import { ContainerService } from './docker/container-service.ts'
import { SmtpLedgerClient } from './smtp-ledger-client.ts'
import type { RunningSmtpServer } from './smtp-server.ts'
import { END_WITHIN_MS } from './smtp-server-embedded.ts'

/** As Dockerfile.smtp-server has it. */
const LEDGER_FILE = '/tmp/ledger.ndjson'

export interface PublishedPorts {
  readonly port: number
  readonly implicitTlsPort: number | undefined
  readonly controlPort: number
  readonly ca: string | undefined
}

export class ContainerSmtpServer extends ContainerService implements RunningSmtpServer {
  readonly port: number
  readonly implicitTlsPort: number | undefined
  readonly ca: string | undefined
  readonly #control: SmtpLedgerClient
  #ledgerFile: Promise<string> | undefined
  #folder: string | undefined

  constructor(container: RunningContainer, ports: PublishedPorts) {
    super(container)
    this.port = ports.port
    this.implicitTlsPort = ports.implicitTlsPort
    this.ca = ports.ca
    this.#control = new SmtpLedgerClient(container.host, ports.controlPort)
  }

  async ledger(runId: string): Promise<ServerLedger> {
    try {
      return await this.#control.ledger(runId)
    } catch (error) {
      if (!(await this.#hasEnded())) throw error
      return readServerLedger(await this.#copied(), runId)
    }
  }

  async *entries(runId: string): AsyncGenerator<LedgerEntry> {
    if (this.endedBy === undefined) yield* this.#control.entries(runId)
    else yield* readLedgerEntries(await this.#copied(), runId)
  }

  async #hasEnded(): Promise<boolean> {
    const ended = this.ended.then((end) => end !== undefined)
    return Promise.race([ended, delay(END_WITHIN_MS, false, { ref: false })])
  }

  /** What a dead server wrote is in its container still, and final. */
  #copied(): Promise<string> {
    this.#ledgerFile ??= this.#copy()
    return this.#ledgerFile
  }

  async #copy(): Promise<string> {
    this.#folder = await mkdtemp(join(tmpdir(), `mailstorm-${this.name}-`))
    const file = join(this.#folder, 'ledger.ndjson')
    await this.copyOut(LEDGER_FILE, file)
    return file
  }

  override async stop(): Promise<void> {
    await super.stop()
    if (this.#folder !== undefined) await rm(this.#folder, { recursive: true, force: true })
  }
}
