import { type Draft, recipientsOf, subjectOf, textMd5Of } from './draft.ts'
import type { Report } from './report.ts'

/** A message that the proxy has, as it has to arrive. */
export interface HandedOver {
  readonly id: string
  readonly tenantId: string
  /** When it was first offered: in the answer to a sync call, or by add-messages. */
  readonly handedOverAtEpochMs: number
  readonly priority: number
  readonly recipients: readonly string[]
  readonly subject: string
  /** Of the text body in UTF-8, its lines ended by a single LF, none at the end. */
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
  /** In order, repeated ones left out. */
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

/** What was offered, what became of it, and what was heard of it: all that verification needs. */
export class MessageBooks {
  readonly #tenantId: string
  readonly #entries = new Map<string, Entry>()
  #handedOver = 0
  #unknownReports = 0
  #repeatedReports = 0

  constructor(tenantId: string) {
    this.#tenantId = tenantId
  }

  /** How many messages the proxy has, as far as the tenant can know. */
  get handedOverCount(): number {
    return this.#handedOver
  }

  /** Reports of ids that were never offered. */
  get unknownReports(): number {
    return this.#unknownReports
  }

  get repeatedReports(): number {
    return this.#repeatedReports
  }

  /** In the order in which they were first offered. */
  *handedOver(): Generator<HandedOver> {
    for (const entry of this.#entries.values()) if (entry.state === 'handed-over') yield this.#shown(entry)
  }

  find(id: string): HandedOver | undefined {
    const entry = this.#entries.get(id)
    return entry?.state === 'handed-over' ? this.#shown(entry) : undefined
  }

  /** Offered, but neither taken nor refused: the answer broke off, or the push got none. */
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

  /** True when it is offered for the first time. */
  offered(draft: Draft, atEpochMs: number): boolean {
    if (this.#entries.has(draft.id)) return false
    this.#entries.set(draft.id, { draft, offeredAtEpochMs: atEpochMs, state: 'offered' })
    return true
  }

  /** The proxy has it; undefined when that is no news. */
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
