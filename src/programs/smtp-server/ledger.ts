import { closeSync, fstatSync, openSync, writeSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { BagDigest, type LedgerEntry, type ServerLedger } from '../../ledger/ledger.ts'

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

type Counts = Omit<ServerLedger, 'connections'>

/** The run a message belongs to: its id up to the last hyphen; empty for a message without an id. */
function runOf(id: string): string {
  const end = id.lastIndexOf('-')
  return end === -1 ? '' : id.slice(0, end)
}

/** What was accepted of each run, in numbers: constant memory per run. */
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

  /** Of a run that never sent anything here, everything is 0. */
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
 * The ledger on disk: one line of JSON per accepted message, written before the message is
 * acknowledged, and one per new peak of connections. A process that is killed leaves at most one
 * unfinished line, of a message that was not acknowledged; it is not counted.
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
  /** Most connections at a time. */
  readonly peak: number
}

/** Everything in a ledger file; the process that wrote it may be dead, or may still be writing. */
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
    // The unfinished line of a process that was killed, or the end of one that is being written.
    return undefined
  }
}
