import { closeSync, fstatSync, openSync, writeSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { BagDigest, type LedgerEntry, type ServerLedger } from '../../ledger/ledger.ts'

interface Waiting {
  readonly entry: LedgerEntry
  readonly recorded: (error?: Error) => void
}

/**
 * What the server received: totals in memory, every message in the file. A message is written before it is
 * acknowledged, so that an acknowledgement is true even if the server is killed right after.
 */
export class Ledger {
  readonly path: string
  readonly #file: number
  readonly #totals: RunTotals
  #current = 0
  #peak: number
  /** The file may end in the middle of a line; then start with a line end. */
  #torn: boolean
  #waiting: Waiting[] = []

  /** Opens a ledger, or continues that of an earlier process. */
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
   * Calls `recorded` once the message is in the file, or with an error when it cannot be written; the message
   * must then not be acknowledged. All messages of one turn of the event loop share one write.
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

type Counts = Omit<ServerLedger, 'connections'>

/** The run of a message: its id up to the last hyphen; empty for a message without an id. */
function runOf(id: string): string {
  const end = id.lastIndexOf('-')
  return end === -1 ? '' : id.slice(0, end)
}

/** Totals per run, in constant memory per run. */
class RunTotals {
  readonly #runs = new Map<string, Run>()

  add(entry: LedgerEntry): void {
    const name = runOf(entry.id)
    let run = this.#runs.get(name)
    if (run === undefined) {
      run = new Run()
      this.#runs.set(name, run)
    }
    run.add(entry)
  }

  /** All zero for a run that sent nothing here. */
  of(run: string): Counts {
    return (this.#runs.get(run) ?? new Run()).counts()
  }
}

class Run {
  #accepted = 0
  #bytes = 0
  #corrupted = 0
  readonly #digest = new BagDigest()

  add(entry: LedgerEntry): void {
    this.#accepted += 1
    this.#bytes += entry.bytes
    if (!entry.intact) this.#corrupted += 1
    this.#digest.add(entry.id)
  }

  counts(): Counts {
    return {
      accepted: this.#accepted,
      bytes: this.#bytes,
      corrupted: this.#corrupted,
      digest: this.#digest.toString(),
    }
  }
}

/**
 * The ledger file: a line of JSON per accepted message, written before it is acknowledged, and one per new peak
 * of connections. A killed process leaves at most one unfinished line, of an unacknowledged message; it is not
 * counted.
 */
export function entryLine(entry: LedgerEntry): string {
  return `{"id":"${entry.id}","bytes":${entry.bytes},"intact":${entry.intact}}\n`
}

function peakLine(connections: number): string {
  return `{"peak":${connections}}\n`
}

type Line = LedgerEntry | { readonly peak: number }

interface LedgerContent {
  readonly totals: RunTotals
  /** Most simultaneous connections. */
  readonly peak: number
}

/** Everything in a ledger file. The process that writes it may be dead or still writing. */
async function readLedgerFile(path: string): Promise<LedgerContent> {
  const totals = new RunTotals()
  let peak = 0
  for await (const line of linesOf(path)) {
    if ('peak' in line) peak = Math.max(peak, line.peak)
    else totals.add(line)
  }
  return { totals, peak }
}

/** What a dead server received of a run. */
export async function readServerLedger(path: string, run: string): Promise<ServerLedger> {
  const { totals, peak } = await readLedgerFile(path)
  return { ...totals.of(run), connections: { current: 0, peak } }
}

export async function* readLedgerEntries(path: string, run: string): AsyncGenerator<LedgerEntry> {
  for await (const line of linesOf(path)) {
    if ('id' in line && runOf(line.id) === run) yield line
  }
}

async function* linesOf(path: string): AsyncGenerator<Line> {
  const file = await open(path)
  try {
    for await (const text of file.readLines()) {
      const line = parsed(text)
      if (line !== undefined) yield line
    }
  } finally {
    await file.close()
  }
}

function parsed(text: string): Line | undefined {
  try {
    return JSON.parse(text) as Line
  } catch {
    // The unfinished line of a killed process, or one that is just being written.
    return undefined
  }
}
