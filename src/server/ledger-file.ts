import { open } from 'node:fs/promises'
import type { LedgerEntry, ServerLedger } from '../ledger/ledger.ts'
import { RunTotals, runOf } from './run-totals.ts'

/**
 * The ledger on disk: one line of JSON per accepted message, written before the message is
 * acknowledged, and one per new peak of connections. A process that is killed leaves at most one
 * unfinished line, of a message that was not acknowledged; it is not counted.
 */
export function entryLine(entry: LedgerEntry): string {
  return `{"id":"${entry.id}","bytes":${entry.bytes},"intact":${entry.intact}}\n`
}

export function peakLine(connections: number): string {
  return `{"peak":${connections}}\n`
}

type Line = LedgerEntry | { readonly peak: number }

export interface LedgerContent {
  readonly totals: RunTotals
  /** Most connections at a time. */
  readonly peak: number
}

/** Everything in a ledger file; the process that wrote it may be dead, or may still be writing. */
export async function readLedgerFile(path: string): Promise<LedgerContent> {
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
