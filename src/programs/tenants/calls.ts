import type { Random } from '../../random.ts'
import { foreignText } from '../../text/foreign-text.ts'
import type { MessageBooks, Outbox, SyncBooks, SyncRecord } from './books.ts'
import { bytesOf, type Content, type Draft, md5Of } from './draft.ts'
import type { MessageGenerator } from './generator.ts'
import type { ATTACHMENT_FAULTS, SYNC_FAULTS, TenantClock, TenantConfig } from './options.ts'
import type { Pusher } from './push.ts'
import { readReports } from './report.ts'
import type { CacheUsage, Counters } from './stats.ts'
import { readStoragePath, type StoragePath, wireMessage } from './wire.ts'

/** The parts of a tenant. */
export interface TenantParts {
  readonly config: TenantConfig
  readonly clock: TenantClock
  readonly generator: MessageGenerator
  readonly outbox: Outbox
  /** Undefined: messages go into the answer. */
  readonly pusher: Pusher | undefined
  readonly books: MessageBooks
  readonly syncs: SyncBooks
  readonly counters: Counters
  readonly cacheUsage: CacheUsage
  readonly dnd: Random
  readonly faults: Random
  isGenerating(): boolean
}

/** The answer to a sync call. The transport must report, once, whether it was read to the end. */
export interface SyncAnswer {
  readonly status: number
  readonly contentType: string
  readonly body: string
  settle(taken: boolean): void
}

/** Handles one sync call, from its reports to the messages sent back. */
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
    return faultAnswer(syncFault.kind, call, parts)
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

const FAULT_ANSWERS: Readonly<Record<(typeof SYNC_FAULTS)[number], Omit<SyncAnswer, 'settle'>>> = {
  'status-500': { status: 500, contentType: 'application/json', body: '{"error":"a fault on purpose"}' },
  'not-json': { status: 200, contentType: 'text/html', body: '<h1>a fault on purpose</h1>' },
  'ok-false': {
    status: 200,
    contentType: 'application/json',
    body: '{"ok":false,"error":"a fault on purpose"}',
  },
}

/** Like a tenant that failed before it read the reports: they count as not received. */
function faultAnswer(kind: keyof typeof FAULT_ANSWERS, call: Call, parts: TenantParts): SyncAnswer {
  const endedAtEpochMs = parts.clock.epochMs()
  const record = { ...call, outcome: 'fault', messages: 0, reports: 0, dndUntilEpochMs: undefined } as const
  return { ...FAULT_ANSWERS[kind], settle: () => ended(record, endedAtEpochMs, parts) }
}

/** Returns how many there were. */
function takeReports(request: unknown, { config, clock, books, counters, cacheUsage }: TenantParts): number {
  const { reports, malformed } = readReports(request)
  counters.reportsReceived += reports.length
  counters.errors += malformed
  const atEpochMs = clock.epochMs()
  for (const report of reports) {
    const known = books.reported(report, atEpochMs)
    if (known === undefined) continue
    // A proxy that reports on a message has it, whatever became of the answer that held it.
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

interface Offer {
  readonly drafts: readonly Draft[]
  /** Ids that were offered before. */
  readonly repeated: ReadonlySet<string>
  readonly offeredAtEpochMs: number
}

interface Offered {
  /** Fields for the answer. */
  readonly fields: object
  readonly endedAtEpochMs: number
  settle(taken: boolean): void
}

/** In the answer itself: accepted when the answer is. */
function inAnswer({ drafts, offeredAtEpochMs }: Offer, parts: TenantParts): Offered {
  const { config, clock, outbox } = parts
  const messages = drafts.map((draft) => wireMessage(draft, config))
  return {
    fields: messages.length === 0 ? {} : { messages },
    endedAtEpochMs: clock.epochMs(),
    settle(taken) {
      if (!taken) return outbox.putBack(drafts)
      noteTaken(
        drafts.map(({ id }) => id),
        parts,
      )
      outbox.awaitReport(drafts, offeredAtEpochMs)
    },
  }
}

/** By add-messages, before the answer. */
async function pushed(
  { drafts, repeated, offeredAtEpochMs }: Offer,
  pusher: Pusher,
  parts: TenantParts,
): Promise<Offered> {
  const { config, clock, outbox, books, counters } = parts
  const messages = drafts.map((draft) => wireMessage(draft, config))
  const { taken, refused, unknown, error } = await pusher.push(messages, repeated)
  if (error !== undefined) counters.errors += 1
  noteTaken(taken, parts)
  for (const { id, reason } of refused) books.refusedBy(id, reason)
  outbox.awaitReport(among(drafts, taken), offeredAtEpochMs)
  outbox.putBack(among(drafts, unknown))
  // Clients of genro-mail-proxy report what was just pushed. Ours takes the number literally, and calls again for
  // what is left.
  const queued = config.dialect === 'genro' ? taken.length : outbox.length
  return { fields: { queued }, endedAtEpochMs: clock.epochMs(), settle: () => {} }
}

function among(drafts: readonly Draft[], ids: readonly string[]): Draft[] {
  const wanted = new Set(ids)
  return drafts.filter(({ id }) => wanted.has(id))
}

/** Notes that the proxy has these messages. */
function noteTaken(ids: readonly string[], { config, books }: Pick<TenantParts, 'config' | 'books'>): void {
  for (const id of ids) {
    const handedOver = books.taken(id)
    if (handedOver !== undefined) config.observer.onHandedOver?.(handedOver)
  }
}

/** Blocks of a body; those of a hanging tenant come late or never. */
export type Blocks = Generator<Buffer> | AsyncGenerator<Buffer>

/** The answer to a request for an attachment. */
export type AttachmentAnswer =
  | { readonly status: 200; readonly sizeBytes: number; readonly md5: string; bytes(): Blocks }
  | { readonly status: 404 | 500; readonly why: string }

/** The bytes of any attachment of this program, regenerated from its path. */
export async function answerAttachment(storagePath: string, parts: TenantParts): Promise<AttachmentAnswer> {
  const wanted = readStoragePath(storagePath)
  if (wanted === undefined || (await md5Of(wanted.content)) !== wanted.md5) {
    parts.counters.errors += 1
    return {
      status: 404,
      why: `no attachment has the storage_path ${JSON.stringify(foreignText(storagePath, 200))}`,
    }
  }
  const { content, md5 } = wanted
  const fault = attachmentFaultOf(parts)
  if (fault === 'status-500') return { status: 500, why: 'a fault on purpose' }
  if (fault === 'drips' || fault === 'silent')
    return { status: 200, sizeBytes: content.sizeBytes, md5, bytes: () => hanging(content, fault, parts) }
  const blocks = () => (fault === undefined ? bytesOf(content) : spoiled(content, fault))
  return { status: 200, sizeBytes: content.sizeBytes, md5, bytes: () => served(wanted, blocks(), parts) }
}

type AttachmentFault = (typeof ATTACHMENT_FAULTS)[number]

function attachmentFaultOf({
  config: { attachmentFault: fault },
  faults,
}: TenantParts): AttachmentFault | undefined {
  return fault !== undefined && faults.chance(fault.share) ? fault.kind : undefined
}

/** The bytes on their way; records what was sent, however it ends. */
function* served(wanted: StoragePath, blocks: Iterable<Buffer>, parts: TenantParts): Generator<Buffer> {
  const { config, clock, counters, cacheUsage } = parts
  const startedAtEpochMs = clock.epochMs()
  const { md5, content } = wanted
  const { sizeBytes } = content
  let servedBytes = 0
  try {
    for (const block of blocks) {
      servedBytes += block.length
      yield block
    }
  } finally {
    counters.attachmentBytesServed += servedBytes
    if (servedBytes === sizeBytes) {
      counters.attachmentsServed += 1
      cacheUsage.fetched(md5)
    }
    const { tenantId } = config
    const endedAtEpochMs = clock.epochMs()
    config.observer.onAttachment?.({
      tenantId,
      md5,
      sizeBytes,
      servedBytes,
      startedAtEpochMs,
      endedAtEpochMs,
    })
  }
}

/** With its first byte inverted, or without its last block. */
function* spoiled(content: Content, fault: 'wrong-bytes' | 'cut-short'): Generator<Buffer> {
  const blocks = [...bytesOf(content)]
  if (fault === 'cut-short') return yield* blocks.slice(0, -1)
  const [first = Buffer.alloc(0), ...rest] = blocks
  const changed = Buffer.from(first)
  changed.writeUInt8(255 - changed.readUInt8(0), 0)
  yield changed
  yield* rest
}

const DRIP_EVERY_MS = 200

/** A byte now and then, or none at all, until the reader gives up. */
async function* hanging(
  content: Content,
  fault: 'drips' | 'silent',
  { clock }: TenantParts,
): AsyncGenerator<Buffer> {
  for (const block of bytesOf(content)) {
    for (const byte of block) {
      // Yield even without a byte: only here does it notice that the connection has ended.
      do {
        yield fault === 'drips' ? Buffer.of(byte) : Buffer.alloc(0)
        await clock.wait(DRIP_EVERY_MS)
      } while (fault === 'silent')
    }
  }
}
