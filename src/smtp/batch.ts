import { Attempt } from './attempt.ts'
import type { Envelope } from './mail/envelope.ts'
import type { ChunkWriter } from './mail/message.ts'
import type { Outgoing } from './mail/outgoing.ts'
import { LEAST_BYTES_PER_MS } from './target.ts'
import type { Transport } from './transport.ts'

/** RSET, MAIL and BDAT, and one to each recipient. */
const REPLIES_BESIDE_RCPT = 3

/** The messages of a session that are on their way at level `chunks`: written whole, and not answered yet. */
export class Batch {
  readonly depth: number
  readonly #outgoing: Outgoing
  readonly #writer: ChunkWriter
  /** By LMTP the last BDAT has a reply for each recipient (RFC 2033 4.3). */
  #isLmtp = false
  /** By place of the writer; those on their way are `#count` places from `#first` on, in a ring. */
  readonly #messages: Attempt[] = []
  readonly #envelopes: Envelope[] = []
  #first = 0
  #count = 0
  /** The last so many are added, and not written. */
  #added = 0
  /** Replies that they will have. */
  #addedReplies = 0
  /** The last so many are written, and the kernel has not taken all of them. */
  #written = 0
  /** The most octets of a write that some of those on their way went out with. */
  #writtenBytes = 0

  constructor(outgoing: Outgoing, depth: number) {
    this.depth = depth
    this.#outgoing = outgoing
    this.#writer = outgoing.chunks(depth)
  }

  /** Begins a session. */
  begin(isLmtp: boolean): void {
    this.#isLmtp = isLmtp
  }

  /** On their way, and those that are about to be. */
  get count(): number {
    return this.#count
  }

  /** Whose replies are the next to come. */
  get first(): Attempt {
    return this.#messages[this.#first] as Attempt
  }

  /** Its envelope. */
  get envelope(): Envelope {
    return this.#envelopes[this.#first] as Envelope
  }

  /** What the octets of a message and of all that is written with it may take at most, see LEAST_BYTES_PER_MS. */
  get transferMs(): number {
    return this.#writtenBytes / LEAST_BYTES_PER_MS
  }

  /** What has been written has not gone yet: its places, and those before it, are not to be touched. */
  get isWriting(): boolean {
    return this.#written > 0
  }

  /** Messages are to be written. */
  get hasAdded(): boolean {
    return this.#added > 0
  }

  /** Room for one more in the same write. */
  get hasRoom(): boolean {
    return this.#count < this.depth && this.#writer.hasRoom(this.#added)
  }

  /** For the message that is to be added. */
  get spare(): Attempt {
    const place = this.#nextPlace()
    const spare = this.#messages[place] ?? new Attempt()
    this.#messages[place] = spare
    return spare
  }

  add(message: Attempt): void {
    const place = this.#nextPlace()
    const envelope = this.#outgoing.envelopeOf(message.message)
    this.#writer.put(place, message.message, envelope)
    this.#messages[place] = message
    this.#envelopes[place] = envelope
    const recipients = envelope.rcpt.length
    this.#addedReplies += recipients + REPLIES_BESIDE_RCPT + (this.#isLmtp ? recipients - 1 : 0)
    this.#count++
    this.#added++
  }

  #nextPlace(): number {
    if (this.#count === 0) {
      this.#first = 0
      this.#writtenBytes = 0
    }
    return (this.#first + this.#count) % this.depth
  }

  /** Writes what was added; `nowMs`: when. */
  write(transport: Transport, nowMs: number): void {
    const count = this.#added
    if (count === 0) return
    const place = (this.#first + this.#count - count) % this.depth
    const inRow = Math.min(count, this.depth - place)
    const row = this.#writer.octets(place, inRow)
    const parts = inRow === count ? row : [...row, ...this.#writer.octets(0, count - inRow)]
    let bytes = 0
    for (const part of parts) bytes += part.length
    this.#writtenBytes = Math.max(this.#writtenBytes, bytes)
    const replies = this.#addedReplies
    this.#added = 0
    this.#addedReplies = 0
    this.#written = count
    transport.writeMessages(parts, replies)
    this.noteGone(transport, nowMs)
  }

  /** Their transfer ends when the kernel has taken all of the write: for all of them alike. */
  noteGone(transport: Transport, nowMs: number): void {
    if (this.#written === 0 || !transport.drained()) return
    // Some may have been answered by now: the octets behind theirs went out later.
    const count = Math.min(this.#written, this.#count)
    this.#written = 0
    for (let behind = 1; behind <= count; behind++) {
      const place = (this.#first + this.#count - behind) % this.depth
      this.#messages[place]?.mark('transfer', nowMs)
    }
  }

  /** The first one has ended. */
  shift(): void {
    this.#first = (this.#first + 1) % this.depth
    this.#count--
  }

  /** For a new session. Returns those that were on their way, the first first. */
  clear(): readonly Attempt[] {
    const left = Array.from(
      { length: this.#count },
      (_, at) => this.#messages[(this.#first + at) % this.depth] as Attempt,
    )
    this.#count = 0
    this.#added = 0
    this.#addedReplies = 0
    this.#written = 0
    return left
  }
}
