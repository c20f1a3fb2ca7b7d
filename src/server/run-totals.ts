import { BagDigest, type LedgerEntry, type ServerLedger } from '../ledger/ledger.ts'

type Counts = Omit<ServerLedger, 'connections'>

/** The run a message belongs to: its id up to the last hyphen; empty for a message without an id. */
export function runOf(id: string): string {
  const end = id.lastIndexOf('-')
  return end === -1 ? '' : id.slice(0, end)
}

/** What was accepted of each run, in numbers: constant memory per run. */
export class RunTotals {
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
