import type { Spool } from '../store/spool.ts'
import type { Extent } from '../store/stored-message.ts'
import { bodyStart, ContentDigest, type Digest, type DigestFields } from './content-digest.ts'

/** Content beyond this goes to the spool while the message is still being received. */
const BLOCK_BYTES = 256 * 1024

export interface ReceivedContent {
  readonly digest: Digest
  /** What was spooled already, and the spool it is in (to be released); undefined when nothing was. */
  readonly spooled: { readonly spool: Spool; readonly extents: readonly Extent[] } | undefined
  /** What is still to be spooled. */
  readonly rest: Buffer
}

export interface IncomingOptions {
  readonly spool: () => Spool
  /** Drop the bodies. */
  readonly headerOnly: boolean
  readonly fields: DigestFields
}

/** One message's content while it is received: hashed as it comes, never whole in memory when large. */
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
    const kept = this.#toKeep(block)
    if (kept.length === 0) return
    this.#spooled ??= { spool: this.#options.spool().retain(), extents: [] }
    this.#spooled.extents.push({ offset: this.#spooled.spool.append([kept]), length: kept.length })
  }

  /** In header-only mode nothing is kept but the header, if it ends within the first block. */
  #toKeep(block: Buffer): Buffer {
    if (!this.#options.headerOnly) return block
    return block.subarray(0, this.#blocks === 1 ? (bodyStart(block) ?? 0) : 0)
  }
}
