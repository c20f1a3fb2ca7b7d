import { performance } from 'node:perf_hooks'
import type { ArrivalJournal } from '../store/arrivals.ts'
import type { Spool } from '../store/spool.ts'
import type { Store } from '../store/store.ts'
import { type Extent, StoredMessage } from '../store/stored-message.ts'
import { bodyStart, ContentDigest, type Digest, type DigestFields } from './content-digest.ts'

export interface Envelope {
  readonly id: string
  readonly from: string
  readonly to: readonly string[]
  readonly helo: string
}

interface Waiting {
  readonly envelope: Envelope
  readonly content: ReceivedContent
  readonly settle: (stored: boolean) => void
}

export interface IntakeOptions {
  readonly store: Store
  /** Keep digests and headers, drop the bodies. */
  readonly headerOnly: boolean
  readonly fields: DigestFields
  readonly onStored: (message: StoredMessage) => void
  /** Takes the place of the store: messages are told of, and not kept. */
  readonly journal?: ArrivalJournal | undefined
}

/**
 * Stores received messages: all that arrived within one turn of the event loop in one write. "Queued" is sent
 * only after the spool has the content.
 */
export class Intake {
  readonly #store: Store
  readonly #headerOnly: boolean
  readonly #fields: DigestFields
  readonly #onStored: (message: StoredMessage) => void
  readonly #journal: ArrivalJournal | undefined
  #waiting: Waiting[] = []

  constructor(options: IntakeOptions) {
    this.#store = options.store
    this.#headerOnly = options.headerOnly
    this.#fields = options.fields
    this.#onStored = options.onStored
    this.#journal = options.journal
  }

  begin(): IncomingContent {
    return new IncomingContent({
      spool: () => this.#store.spool,
      headerOnly: this.#headerOnly,
      dropsBegun: this.#journal !== undefined,
      fields: this.#fields,
    })
  }

  /** `settle(false)`: the message could not be stored. */
  add(envelope: Envelope, content: ReceivedContent, settle: (stored: boolean) => void): void {
    if (this.#waiting.length === 0) setImmediate(() => this.#commit())
    this.#waiting.push({ envelope, content, settle })
  }

  #commit(): void {
    const waiting = this.#waiting
    this.#waiting = []
    const stored = this.#storeAll(waiting)
    for (const message of stored ?? []) this.#onStored(message)
    for (const { settle } of waiting) settle(stored !== undefined)
  }

  #storeAll(waiting: readonly Waiting[]): StoredMessage[] | undefined {
    const spool = this.#store.spool
    try {
      if (this.#journal !== undefined) return tellAll(waiting, this.#journal)
      const begun = waiting.map(({ content }) => begunExtents(content, spool))
      let offset = spool.append(waiting.map(({ content }) => content.rest))
      const createdEpochMs = performance.timeOrigin + performance.now()
      return waiting.map(({ envelope, content }, index) => {
        const rest = { offset, length: content.rest.length }
        offset += rest.length
        const message = toMessage(envelope, content, [...(begun[index] ?? []), rest], createdEpochMs)
        this.#store.add(message)
        return message
      })
    } catch (error) {
      console.error(`Failed to store ${waiting.length} message(s): ${(error as Error).message}`)
      return undefined
    } finally {
      for (const { content } of waiting) content.spooled?.spool.release()
    }
  }
}

function tellAll(waiting: readonly Waiting[], journal: ArrivalJournal): StoredMessage[] {
  const arrivals = waiting.map(({ envelope: { to }, content: { digest, rest } }) => {
    return { to, digest, whole: rest.length === digest.bytes ? rest : undefined }
  })
  journal.add(arrivals, performance.timeOrigin + performance.now())
  return []
}

/** Blocks spooled before a "delete all" are in the old spool; move them to the current one. */
function begunExtents({ spooled }: ReceivedContent, to: Spool): readonly Extent[] | undefined {
  if (spooled === undefined || spooled.spool === to) return spooled?.extents
  return spooled.extents.map(({ offset, length }) => {
    const block = Buffer.allocUnsafe(length)
    spooled.spool.readInto(block, offset)
    return { offset: to.append([block]), length }
  })
}

function toMessage(
  envelope: Envelope,
  content: ReceivedContent,
  extents: readonly Extent[],
  createdEpochMs: number,
): StoredMessage {
  const [{ offset, length } = { offset: 0, length: 0 }, ...more] = extents
  const moreExtents = more.length === 0 ? undefined : more
  return new StoredMessage({ ...envelope, ...content.digest, createdEpochMs, offset, length, moreExtents })
}

/** Larger content goes to the spool while it is still being received. */
const BLOCK_BYTES = 256 * 1024

interface ReceivedContent {
  readonly digest: Digest
  /** What is already spooled, and its spool (to be released); undefined when nothing is. */
  readonly spooled: { readonly spool: Spool; readonly extents: readonly Extent[] } | undefined
  /** What still has to be spooled. */
  readonly rest: Buffer
}

export interface IncomingOptions {
  readonly spool: () => Spool
  /** Drop the bodies. */
  readonly headerOnly: boolean
  /** Drop what would go to the spool while a message is being received. */
  readonly dropsBegun: boolean
  readonly fields: DigestFields
}

/** Content of one message while it is received: hashed as it arrives, never whole in memory when large. */
export class IncomingContent {
  readonly #options: IncomingOptions
  readonly #digest: ContentDigest
  #pieces: Buffer[] = []
  #pendingBytes = 0
  #blocks = 0
  #spooled: { spool: Spool; extents: Extent[] } | undefined

  constructor(options: IncomingOptions) {
    this.#options = options
    this.#digest = new ContentDigest(options.fields)
  }

  /** Throws when a full block cannot be spooled. */
  push(piece: Buffer): void {
    this.#pieces.push(piece)
    this.#pendingBytes += piece.length
    if (this.#pendingBytes >= BLOCK_BYTES) this.#spill()
  }

  end(): ReceivedContent {
    const block = this.#takePending()
    return { digest: this.#digest.end(block), spooled: this.#spooled, rest: this.#toKeep(block) }
  }

  /** For a message that will never be complete. */
  discard(): void {
    this.#spooled?.spool.release()
    this.#spooled = undefined
    this.#pieces = []
  }

  #takePending(): Buffer {
    const [first] = this.#pieces
    const block = this.#pieces.length === 1 && first !== undefined ? first : Buffer.concat(this.#pieces)
    this.#pieces = []
    this.#pendingBytes = 0
    this.#blocks += 1
    return block
  }

  #spill(): void {
    const block = this.#takePending()
    this.#digest.push(block)
    if (this.#options.dropsBegun) return
    const kept = this.#toKeep(block)
    if (kept.length === 0) return
    this.#spooled ??= { spool: this.#options.spool().retain(), extents: [] }
    this.#spooled.extents.push({ offset: this.#spooled.spool.append([kept]), length: kept.length })
  }

  /** In header-only mode only the header is kept, if it ends within the first block. */
  #toKeep(block: Buffer): Buffer {
    if (!this.#options.headerOnly) return block
    return block.subarray(0, this.#blocks === 1 ? (bodyStart(block) ?? 0) : 0)
  }
}
