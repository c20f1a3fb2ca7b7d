import { rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { LedgerEntry, ServerLedger } from '../src/ledger/ledger.ts'
import { readLedgerEntries, readServerLedger } from '../src/programs/smtp-server/ledger.ts'
import type { EmbeddedProcess } from './embedded-process.ts'
import { EmbeddedService, LOOPBACK } from './embedded-service.ts'
import type { RunningSmtpServer } from './smtp-server.ts'

const CONTROL_WITHIN_MS = 5_000
/** Between a connection that breaks and the news that its process, or its container, has ended. */
export const END_WITHIN_MS = 2_000

interface SmtpServerParts {
  readonly ca: string | undefined
  /** Boots the next life of one that has ended. */
  startAfter(ended: EmbeddedSmtpServer): Promise<RunningSmtpServer>
}

export class EmbeddedSmtpServer extends EmbeddedService implements RunningSmtpServer {
  readonly port: number
  readonly implicitTlsPort: number | undefined
  readonly ca: string | undefined
  /** Temporary: it goes with stop(), or with us; never with the program alone, of which it has to tell. */
  readonly ledgerFile: string
  readonly #startAfter: SmtpServerParts['startAfter']

  constructor(name: string, program: EmbeddedProcess, { ca, startAfter }: SmtpServerParts) {
    super(name, program)
    this.#startAfter = startAfter
    const { smtp_port: port, implicit_tls_port: tlsPort, ledger_file: ledgerFile } = program.readyLine
    this.port = Number(port)
    this.implicitTlsPort = typeof tlsPort === 'number' ? tlsPort : undefined
    this.ca = ca
    this.ledgerFile = String(ledgerFile)
  }

  async ledger(runId: string): Promise<ServerLedger> {
    try {
      return await this.#ask(runId)
    } catch (error) {
      if (await this.program.endsWithin(END_WITHIN_MS)) return readServerLedger(this.ledgerFile, runId)
      throw error
    }
  }

  async #ask(runId: string): Promise<ServerLedger> {
    const control = `http://${LOOPBACK}:${this.program.readyLine.control_port}`
    const url = `${control}/ledger?run=${encodeURIComponent(runId)}`
    const response = await fetch(url, { signal: AbortSignal.timeout(CONTROL_WITHIN_MS) })
    return (await response.json()) as ServerLedger
  }

  /** From the file: it is on this machine, and complete whether the process lives or not. */
  entries(runId: string): AsyncIterable<LedgerEntry> {
    return readLedgerEntries(this.ledgerFile, runId)
  }

  startAgain(): Promise<RunningSmtpServer> {
    return this.#startAfter(this)
  }

  override async stop(): Promise<void> {
    await super.stop()
    await rm(dirname(this.ledgerFile), { recursive: true, force: true })
  }
}
