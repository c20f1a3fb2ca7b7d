import type { Draft } from './draft.ts'
import { inAnswer, noteTaken, pushed } from './offer.ts'
import type { SYNC_FAULTS } from './options.ts'
import type { TenantParts } from './parts.ts'
import { readReports } from './report.ts'
import type { SyncRecord } from './syncs.ts'

/** The answer to a sync call. Whoever transports it has to say, once, whether it was taken. */
export interface SyncAnswer {
  readonly status: number
  readonly contentType: string
  readonly body: string
  settle(taken: boolean): void
}

/** One sync call, from the reports that came with it to the messages that go back. */
export async function answerSync(request: unknown, parts: TenantParts): Promise<SyncAnswer> {
  const { config, clock, counters, syncs } = parts
  const startedAtEpochMs = clock.epochMs()
  const insideDnd = syncs.isInsideDnd(startedAtEpochMs)
  counters.syncCalls += 1
  if (insideDnd) counters.dndViolations += 1
  if (config.responseDelayMs > 0) await clock.wait(config.responseDelayMs)
  const call = { tenantId: config.tenantId, startedAtEpochMs, insideDnd }
  const { syncFault } = config
  if (syncFault !== undefined && parts.faults.chance(syncFault.share))
    return fault(syncFault.kind, call, parts)
  const reports = takeReports(request, parts)
  const drafts = await messagesDue(parts)
  const offeredAtEpochMs = clock.epochMs()
  const repeated = new Set(
    drafts.filter((draft) => !parts.books.offered(draft, offeredAtEpochMs)).map(({ id }) => id),
  )
  const dndUntilEpochMs = dndUntil(parts)
  const offer = { drafts, repeated, offeredAtEpochMs }
  const answer =
    parts.pusher === undefined ? inAnswer(offer, parts) : await pushed(offer, parts.pusher, parts)
  const next = dndUntilEpochMs === undefined ? {} : { next_sync_after: dndUntilEpochMs / 1000 }
  return answered({ ok: true, processed: reports, ...answer.fields, ...next }, (taken) => {
    answer.settle(taken)
    const outcome = taken ? 'answered' : 'broken'
    ended(
      { ...call, outcome, messages: drafts.length, reports, dndUntilEpochMs },
      answer.endedAtEpochMs,
      parts,
    )
  })
}

type Call = Pick<SyncRecord, 'tenantId' | 'startedAtEpochMs' | 'insideDnd'>

function ended(record: Omit<SyncRecord, 'endedAtEpochMs'>, endedAtEpochMs: number, parts: TenantParts): void {
  const { syncs, counters, config } = parts
  const whole = { ...record, endedAtEpochMs }
  if (syncs.ended(whole)) counters.dndPeriods += 1
  config.observer.onSync?.(whole)
}

function answered(body: object, settle: (taken: boolean) => void): SyncAnswer {
  return { status: 200, contentType: 'application/json', body: JSON.stringify(body), settle }
}

const FAULTS: Readonly<Record<(typeof SYNC_FAULTS)[number], Omit<SyncAnswer, 'settle'>>> = {
  'status-500': { status: 500, contentType: 'application/json', body: '{"error":"a fault on purpose"}' },
  'not-json': { status: 200, contentType: 'text/html', body: '<h1>a fault on purpose</h1>' },
  'ok-false': {
    status: 200,
    contentType: 'application/json',
    body: '{"ok":false,"error":"a fault on purpose"}',
  },
}

/** As of a tenant that failed before it read the reports: it has heard nothing. */
function fault(kind: keyof typeof FAULTS, call: Call, parts: TenantParts): SyncAnswer {
  const endedAtEpochMs = parts.clock.epochMs()
  const record = { ...call, outcome: 'fault', messages: 0, reports: 0, dndUntilEpochMs: undefined } as const
  return { ...FAULTS[kind], settle: () => ended(record, endedAtEpochMs, parts) }
}

/** How many there were. */
function takeReports(request: unknown, { config, clock, books, counters, cacheUsage }: TenantParts): number {
  const { reports, malformed } = readReports(request)
  counters.reportsReceived += reports.length
  counters.errors += malformed
  const atEpochMs = clock.epochMs()
  for (const report of reports) {
    const known = books.reported(report, atEpochMs)
    if (known === undefined) continue
    // Who reports of a message has it, whatever became of the answer that it came with.
    noteTaken([report.id], { config, books })
    const { received, draft } = known
    if (received.kind === 'sent' && !received.repeated)
      for (const attachment of draft.attachments) cacheUsage.sent(attachment)
    config.observer.onReported?.(received)
  }
  return reports.length
}

async function messagesDue({
  outbox,
  generator,
  books,
  counters,
  clock,
  isGenerating,
}: TenantParts): Promise<Draft[]> {
  const again = outbox.take(clock.epochMs(), (id) => books.hasReport(id))
  const fresh = isGenerating() ? await generator.next() : []
  const attachments = fresh.flatMap((draft) => draft.attachments)
  counters.messagesGenerated += fresh.length
  counters.attachmentsGenerated += attachments.length
  counters.attachmentsRepeated += attachments.filter(({ repeated }) => repeated).length
  return [...again, ...fresh]
}

function dndUntil({ config, clock, dnd, isGenerating }: TenantParts): number | undefined {
  if (!isGenerating() || !dnd.chance(config.dndShare)) return undefined
  const { min, max } = config.dndSeconds
  return clock.epochMs() + dnd.whole(min, max) * 1000
}
