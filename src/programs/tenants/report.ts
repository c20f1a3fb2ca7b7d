export const REPORT_KINDS = ['sent', 'error', 'deferred', 'bounce', 'other'] as const
export type ReportKind = (typeof REPORT_KINDS)[number]

/** One item of a delivery report, as the proxy sent it. */
export interface Report {
  readonly id: string
  readonly kind: ReportKind
  /**
   * Seconds since 1970, according to the proxy; for a deferral in genro's dialect, the time of the next
   * attempt.
   */
  readonly ts: number | undefined
  /** Reason of an error or deferral. */
  readonly reason: string | undefined
  /** Recipients reported as refused, of a message that others received. */
  readonly refused: readonly string[]
}

/** Reads the reports in a sync call; `malformed` counts items that are not reports. */
export function readReports(body: unknown): {
  readonly reports: readonly Report[]
  readonly malformed: number
} {
  const { delivery_report, reports } = (body ?? {}) as Record<string, unknown>
  // Our proxy sends the same content under both names, so count only one.
  const given = delivery_report ?? reports ?? []
  if (!Array.isArray(given)) return { reports: [], malformed: 1 }
  const read = given.map(readReport)
  const good = read.filter((report) => report !== undefined)
  return { reports: good, malformed: read.length - good.length }
}

function readReport(item: unknown): Report | undefined {
  if (typeof item !== 'object' || item === null) return undefined
  const given = item as Record<string, unknown>
  if (typeof given.id !== 'string') return undefined
  const kind = REPORT_KINDS.find((known) => typeof given[`${known}_ts`] === 'number') ?? 'other'
  const ts = given[`${kind}_ts`]
  const reason = given.error ?? given.deferred_reason ?? given.bounce_reason
  return {
    id: given.id,
    kind,
    ts: typeof ts === 'number' ? ts : undefined,
    reason: typeof reason === 'string' ? reason : undefined,
    refused: refusedOf(given.refused_recipients),
  }
}

const NONE: readonly string[] = Object.freeze([])

function refusedOf(given: unknown): readonly string[] {
  if (!Array.isArray(given)) return NONE
  return given.flatMap((item: unknown) => {
    const { address } = (item ?? {}) as Record<string, unknown>
    return typeof address === 'string' ? [address] : []
  })
}
