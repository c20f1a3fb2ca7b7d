import { closeSync, fstatSync, openSync, writeSync } from 'node:fs'
import type { LedgerEntry, ServerLedger } from '../ledger/ledger.ts'
import { entryLine, type LedgerContent, peakLine, readLedgerFile } from './ledger-file.ts'
import { RunTotals } from './run-totals.ts'

interface Waiting {
  readonly entry: LedgerEntry
  readonly recorded: (error?: Error) => void
}

/**
 * What the server received: totals in memory, every message in the file. A message is in the file
 * before it is acknowledged, so that what the client was told is true even of a server killed right after.
 */
export class Ledger {
  readonly path: string
  readonly #file: number
  readonly #totals: RunTotals
  #current = 0
  #peak: number
  /** The file may end within a line, so the next one has to begin with a line end. */
  #torn: boolean
  #waiting: Waiting[] = []

  /** Opens a ledger, or goes on with one that an earlier process left. */
  static async open(path: string): Promise<Ledger> {
    const file = openSync(path, 'a')
    const before = fstatSync(file).size > 0 ? await readLedgerFile(path) : undefined
    return new Ledger(path, file, before)
  }

  private constructor(path: string, file: number, before: LedgerContent | undefined) {
    this.path = path
    this.#file = file
    this.#totals = before?.totals ?? new RunTotals()
    this.#peak = before?.peak ?? 0
    this.#torn = before !== undefined
  }

  /**
   * Calls `recorded` once the message is in the file; with an error when it cannot be written, and then
   * it must not be acknowledged. The messages of one turn of the event loop share one write.
   */
  record(entry: LedgerEntry, recorded: (error?: Error) => void): void {
    if (this.#waiting.length === 0) setImmediate(() => this.#flush())
    this.#waiting.push({ entry, recorded })
  }

  connections(current: number): void {
    this.#current = current
    if (current <= this.#peak) return
    this.#peak = current
    this.#append(peakLine(current))
  }

  of(run: string): ServerLedger {
    return { ...this.#totals.of(run), connections: { current: this.#current, peak: this.#peak } }
  }

  close(): void {
    closeSync(this.#file)
  }

  #flush(): void {
    const written = this.#waiting
    this.#waiting = []
    try {
      this.#append(written.map(({ entry }) => entryLine(entry)).join(''))
    } catch (error) {
      for (const { recorded } of written) recorded(error as Error)
      return
    }
    for (const { entry, recorded } of written) {
      this.#totals.add(entry)
      recorded()
    }
  }

  #append(lines: string): void {
    const bytes = Buffer.from(this.#torn ? `\n${lines}` : lines, 'latin1')
    this.#torn = true
    let written = 0
    while (written < bytes.length) written += writeSync(this.#file, bytes, written)
    this.#torn = false
  }
}
