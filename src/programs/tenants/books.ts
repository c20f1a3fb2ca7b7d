import { type Draft, recipientsOf, subjectOf, textMd5Of } from './draft.ts'
import type { Report } from './report.ts'

/** A message that the proxy has, as it must arrive. */
export interface HandedOver {
  readonly id: string
  readonly tenantId: string
  /** When it was first offered, in the answer to a sync call or by add-messages. */
  readonly handedOverAtEpochMs: number
  readonly priority: number
  readonly recipients: readonly string[]
  readonly subject: string
  /** Of the text body in UTF-8, lines separated by LF, none at the end. */
  readonly textMd5: string
  readonly attachments: readonly ExpectedAttachment[]
}

export interface ExpectedAttachment {
  /** As recipients see it. */
  readonly filename: string
  readonly md5: string
  readonly sizeBytes: number
}

export interface ReportReceived extends Report {
  readonly receivedAtEpochMs: number
  /** The same (id, kind, ts) came before. */
  readonly repeated: boolean
}

export interface MessageOutcome {
  /** The first of its kind. */
  readonly sent: ReportReceived | undefined
  readonly error: ReportReceived | undefined
  readonly deferrals: number
  readonly repeated: number
  /** In order, without repeated ones. */
  readonly reports: readonly ReportReceived[]
}

interface Entry {
  readonly draft: Draft
  readonly offeredAtEpochMs: number
  state: 'offered' | 'handed-over' | 'refused'
  reason?: string
  reports?: ReportReceived[]
  repeated?: number
}

/** What was offered, what became of it, and what was reported: everything that verification needs. */
export class MessageBooks {
  readonly #tenantId: string
  readonly #entries = new Map<string, Entry>()
  #handedOver = 0
  #unknownReports = 0
  #repeatedReports = 0

  constructor(tenantId: string) {
    this.#tenantId = tenantId
  }

  /** Number of messages that the proxy has, as far as the tenant can know. */
  get handedOverCount(): number {
    return this.#handedOver
  }

  /** Number of reports about ids that were never offered. */
  get unknownReports(): number {
    return this.#unknownReports
  }

  get repeatedReports(): number {
    return this.#repeatedReports
  }

  /** In the order of their first offer. */
  *handedOver(): Generator<HandedOver> {
    for (const entry of this.#entries.values()) if (entry.state === 'handed-over') yield this.#shown(entry)
  }

  find(id: string): HandedOver | undefined {
    const entry = this.#entries.get(id)
    return entry?.state === 'handed-over' ? this.#shown(entry) : undefined
  }

  /** Offered, but neither accepted nor refused: the answer broke off, or the push was not answered. */
  uncertain(): readonly string[] {
    return [...this.#entries.values()].filter(({ state }) => state === 'offered').map(({ draft }) => draft.id)
  }

  refused(): readonly { readonly id: string; readonly reason: string }[] {
    return [...this.#entries.values()]
      .filter(({ state }) => state === 'refused')
      .map(({ draft, reason = '' }) => ({ id: draft.id, reason }))
  }

  /** Undefined for ids that were never offered. */
  outcomeOf(id: string): MessageOutcome | undefined {
    const entry = this.#entries.get(id)
    if (entry === undefined) return undefined
    const { reports = [], repeated = 0 } = entry
    return {
      sent: reports.find(({ kind }) => kind === 'sent'),
      error: reports.find(({ kind }) => kind === 'error'),
      deferrals: reports.filter(({ kind }) => kind === 'deferred').length,
      repeated,
      reports,
    }
  }

  hasReport(id: string): boolean {
    return this.#entries.get(id)?.reports !== undefined
  }

  /** True for the first offer of a message. */
  offered(draft: Draft, atEpochMs: number): boolean {
    if (this.#entries.has(draft.id)) return false
    this.#entries.set(draft.id, { draft, offeredAtEpochMs: atEpochMs, state: 'offered' })
    return true
  }

  /** Notes that the proxy has it; undefined when that was known. */
  taken(id: string): HandedOver | undefined {
    const entry = this.#entries.get(id)
    if (entry?.state !== 'offered') return undefined
    entry.state = 'handed-over'
    this.#handedOver += 1
    return this.#shown(entry)
  }

  refusedBy(id: string, reason: string): void {
    const entry = this.#entries.get(id)
    if (entry?.state !== 'offered') return
    entry.state = 'refused'
    entry.reason = reason
  }

  /** Undefined for an id that was never offered. */
  reported(
    report: Report,
    receivedAtEpochMs: number,
  ): { received: ReportReceived; draft: Draft } | undefined {
    const entry = this.#entries.get(report.id)
    if (entry === undefined) {
      this.#unknownReports += 1
      return undefined
    }
    entry.reports ??= []
    const repeated = entry.reports.some(({ kind, ts }) => kind === report.kind && ts === report.ts)
    const received = { ...report, receivedAtEpochMs, repeated }
    if (repeated) {
      this.#repeatedReports += 1
      entry.repeated = (entry.repeated ?? 0) + 1
    } else entry.reports.push(received)
    return { received, draft: entry.draft }
  }

  #shown({ draft, offeredAtEpochMs }: Entry): HandedOver {
    return {
      id: draft.id,
      tenantId: this.#tenantId,
      handedOverAtEpochMs: offeredAtEpochMs,
      priority: draft.priority,
      recipients: recipientsOf(draft),
      subject: subjectOf(draft),
      textMd5: textMd5Of(draft),
      attachments: draft.attachments.map(({ filename, md5, content: { sizeBytes } }) => ({
        filename,
        md5,
        sizeBytes,
      })),
    }
  }
}

export type SyncOutcome = 'answered' | 'fault' | 'broken'

export interface SyncRecord {
  readonly tenantId: string
  readonly startedAtEpochMs: number
  /** When the answer was complete, from the tenant's view. */
  readonly endedAtEpochMs: number
  /** Whether it came although the tenant had asked not to be disturbed. */
  readonly insideDnd: boolean
  /** `fault`: a fault that the tenant was told to simulate. `broken`: the answer was not read to its end. */
  readonly outcome: SyncOutcome
  readonly messages: number
  readonly reports: number
  /** The answer asked not to be disturbed until then. */
  readonly dndUntilEpochMs: number | undefined
}

/** The caller's clock differs from ours. */
const DND_TOLERANCE_MS = 50

/** The sync calls of a tenant, and its DND window: the last request counts. */
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
    // A request for quiet counts only when the answer was read.
    if (record.dndUntilEpochMs === undefined || record.outcome !== 'answered') return false
    this.#dndFromEpochMs = record.endedAtEpochMs
    this.#dndUntilEpochMs = record.dndUntilEpochMs
    return true
  }
}

/** Messages to offer again: they were not accepted, or had no report for too long. */
export class Outbox {
  readonly #reofferAfterMs: number
  #untaken: Draft[] = []
  /** In the order of their last offer. */
  #silent: { readonly draft: Draft; readonly offeredAtEpochMs: number }[] = []

  constructor(reofferAfterMs: number = Number.POSITIVE_INFINITY) {
    this.#reofferAfterMs = reofferAfterMs
  }

  get length(): number {
    return this.#untaken.length
  }

  /** Not accepted: offer them at the next call. */
  putBack(drafts: readonly Draft[]): void {
    for (const draft of drafts) this.#untaken.push(draft)
  }

  /** Accepted: offer them again when no report comes in time. */
  awaitReport(drafts: readonly Draft[], offeredAtEpochMs: number): void {
    if (this.#reofferAfterMs === Number.POSITIVE_INFINITY) return
    for (const draft of drafts) this.#silent.push({ draft, offeredAtEpochMs })
  }

  /** Removes and returns everything to be offered now. */
  take(nowEpochMs: number, hasReport: (id: string) => boolean): Draft[] {
    const untaken = this.#untaken
    this.#untaken = []
    const firstYoung = this.#silent.findIndex(
      ({ offeredAtEpochMs }) => offeredAtEpochMs + this.#reofferAfterMs > nowEpochMs,
    )
    const old = this.#silent.splice(0, firstYoung === -1 ? this.#silent.length : firstYoung)
    return [...untaken, ...old.map(({ draft }) => draft).filter(({ id }) => !hasReport(id))]
  }
}
