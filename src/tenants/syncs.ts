export type SyncOutcome = 'answered' | 'fault' | 'broken'

export interface SyncRecord {
  readonly tenantId: string
  readonly startedAtEpochMs: number
  /** When the answer was complete, as far as the tenant is concerned. */
  readonly endedAtEpochMs: number
  /** It came although the tenant had asked not to be disturbed. */
  readonly insideDnd: boolean
  /** `fault`: one of its own that it was told to have. `broken`: the answer was not taken. */
  readonly outcome: SyncOutcome
  readonly messages: number
  readonly reports: number
  /** The answer asked not to be disturbed until then. */
  readonly dndUntilEpochMs: number | undefined
}

/** The caller's clock and ours are not the same. */
const DND_TOLERANCE_MS = 50

/** The calls of a tenant, and its DND window: the last one asked for counts. */
export class SyncBooks {
  readonly #records: SyncRecord[] = []
  #dndFromEpochMs = Number.POSITIVE_INFINITY
  #dndUntilEpochMs = 0

  /** In the order in which they ended. */
  get all(): readonly SyncRecord[] {
    return this.#records
  }

  isInsideDnd(atEpochMs: number): boolean {
    return atEpochMs > this.#dndFromEpochMs && atEpochMs < this.#dndUntilEpochMs - DND_TOLERANCE_MS
  }

  /** True when a DND window began. */
  ended(record: SyncRecord): boolean {
    this.#records.push(record)
    // Nobody heard the request of an answer that was not taken.
    if (record.dndUntilEpochMs === undefined || record.outcome !== 'answered') return false
    this.#dndFromEpochMs = record.endedAtEpochMs
    this.#dndUntilEpochMs = record.dndUntilEpochMs
    return true
  }
}
