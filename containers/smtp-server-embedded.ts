import { rm } from 'node:fs/promises'
import pidusage from 'pidusage'
import type { LedgerEntry, ServerLedger } from '../src/ledger/ledger.ts'
import { readLedgerEntries, readServerLedger } from '../src/server/ledger-file.ts'
import type { EmbeddedProcess } from './embedded-process.ts'
import type { ServiceEnd, Usage } from './service.ts'
import type { RunningSmtpServer } from './smtp-server.ts'

export const LOOPBACK = '127.0.0.1'
const CONTROL_WITHIN_MS = 5_000
/** Between a connection that breaks and the news that its process has ended. */
const END_WITHIN_MS = 2_000

export interface EmbeddedParts {
  readonly name: string
  readonly program: EmbeddedProcess
  /** Temporary folder that goes with stop(). */
  readonly folder: string
  readonly ledgerFile: string
  readonly ca: string | undefined
}

export class EmbeddedSmtpServer implements RunningSmtpServer {
  readonly backend = 'embedded'
  readonly host = LOOPBACK
  readonly name: string
  readonly port: number
  readonly implicitTlsPort: number | undefined
  readonly ca: string | undefined
  readonly #parts: EmbeddedParts

  constructor(parts: EmbeddedParts) {
    const { smtp_port: port, implicit_tls_port: tlsPort } = parts.program.readyLine
    this.name = parts.name
    this.port = Number(port)
    this.implicitTlsPort = typeof tlsPort === 'number' ? tlsPort : undefined
    this.ca = parts.ca
    this.#parts = parts
  }

  get pid(): number {
    return this.#parts.program.pid
  }

  get endedBy(): string | undefined {
    return this.#parts.program.endedBy
  }

  get ended(): Promise<ServiceEnd | undefined> {
    return this.#parts.program.ended
  }

  async ledger(runId: string): Promise<ServerLedger> {
    const { program, ledgerFile } = this.#parts
    try {
      return await this.#ask(runId)
    } catch (error) {
      if (await program.endsWithin(END_WITHIN_MS)) return readServerLedger(ledgerFile, runId)
      throw error
    }
  }

  async #ask(runId: string): Promise<ServerLedger> {
    const control = `http://${LOOPBACK}:${this.#parts.program.readyLine.control_port}`
    const url = `${control}/ledger?run=${encodeURIComponent(runId)}`
    const response = await fetch(url, { signal: AbortSignal.timeout(CONTROL_WITHIN_MS) })
    return (await response.json()) as ServerLedger
  }

  /** From the file: it is on this machine, and complete whether the process lives or not. */
  entries(runId: string): AsyncIterable<LedgerEntry> {
    return readLedgerEntries(this.#parts.ledgerFile, runId)
  }

  async usage(): Promise<Usage | undefined> {
    try {
      const { cpu, memory } = await pidusage(this.pid)
      return { cpuPercent: cpu, memoryBytes: memory }
    } catch {
      // It has ended; or we are out of file descriptors, which must not end the run that samples it.
      return undefined
    }
  }

  async logTail(lines: number): Promise<string[]> {
    return this.#parts.program.logTail(lines)
  }

  async stop(): Promise<void> {
    await this.#parts.program.stop()
    await rm(this.#parts.folder, { recursive: true, force: true })
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}
