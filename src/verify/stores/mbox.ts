import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { errorText, MailstormError } from '../../error.ts'
import type { Arrival, Store } from '../store.ts'
import { arrivalsOf } from '../stored-message.ts'
import { type Mailbox, mailboxesIn } from './mailboxes.ts'

const LF = 0x0a
/** RFC 4155: the separator of messages, at the beginning of a line. */
const FROM_LINE = Buffer.from('From ')
/** Read at a time. */
const BLOCK_BYTES = 1024 * 1024
/** A longer message is judged by what came until here. */
const MOST_BYTES = 128 * 1024 ** 2

/** How far a file was read: everything before it has been told. */
interface Place {
  offset: number
  /** A file that was replaced is read anew. */
  inode: number
}

/** Mbox files on this machine: one, or one for each `{user}` and `{domain}` of the path. */
export class MboxStore implements Store {
  readonly name: string
  /** The From line has the time of delivery to the second. */
  readonly timeResolutionMs = 1_000
  readonly #path: string
  readonly #read = new Map<string, Place>()
  readonly #damaged = new Map<string, Buffer>()
  #damagedBytes = 0

  constructor(path: string) {
    this.name = `the mbox ${path}`
    this.#path = resolve(path)
  }

  async check(): Promise<void> {
    const mailboxes = await mailboxesIn(this.#path).catch((error) => {
      throw this.#failure(errorText(error))
    })
    for (const { path } of mailboxes) {
      const { size, ino: inode, isFile } = await this.#stat(path)
      if (!isFile) throw this.#failure('it is a folder', 'For a maildir: STRESS_VERIFY=maildir:/path')
      this.#read.set(path, { offset: size, inode })
    }
  }

  async *arrivals(runId: string, signal: AbortSignal): AsyncGenerator<Arrival> {
    for (const mailbox of await mailboxesIn(this.#path)) {
      const { size, ino: inode } = await this.#stat(mailbox.path)
      const known = this.#read.get(mailbox.path)
      const isSame = known !== undefined && known.inode === inode && known.offset <= size
      const place = isSame ? known : { offset: 0, inode }
      this.#read.set(mailbox.path, place)
      if (size > place.offset) yield* this.#readOn(mailbox, { place, size, runId, signal })
    }
  }

  limits(): undefined {
    return undefined
  }

  async raw(id: string): Promise<Buffer | undefined> {
    return this.#damaged.get(id)
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  /** The messages from a place on. The last one may still be being written: it is told once it ends with an empty line. */
  async *#readOn(
    { path, owner }: Mailbox,
    { place, size, runId, signal }: { place: Place; size: number; runId: string; signal: AbortSignal },
  ): AsyncGenerator<Arrival> {
    const { offset } = place
    const stream = createReadStream(path, {
      start: offset,
      end: size - 1,
      highWaterMark: BLOCK_BYTES,
      signal,
    })
    let rest = Buffer.alloc(0)
    try {
      for await (const block of stream as AsyncIterable<Buffer>) {
        rest = Buffer.concat([rest, block])
        for (let end = nextMessage(rest); end !== -1; end = nextMessage(rest)) {
          yield* await this.#tell(rest.subarray(0, end), owner, runId)
          place.offset += end
          rest = rest.subarray(end)
        }
        if (rest.length > MOST_BYTES) throw new Error(`a message is longer than ${MOST_BYTES} bytes`)
      }
    } catch (error) {
      if (signal.aborted) throw error
      throw this.#failure(errorText(error))
    }
    if (!isWhole(rest)) return
    yield* await this.#tell(rest, owner, runId)
    place.offset += rest.length
  }

  async #tell(entry: Buffer, owner: string | undefined, runId: string): Promise<readonly Arrival[]> {
    const lineEnd = entry.indexOf(LF)
    if (!entry.subarray(0, FROM_LINE.length).equals(FROM_LINE) || lineEnd === -1) return []
    const octets = unquoted(entry.subarray(lineEnd + 1))
    const arrivedAtMs = timeOf(entry.toString('latin1', 0, lineEnd))
    const arrivals = await arrivalsOf({ octets, recipient: owner, arrivedAtMs }, runId)
    const damaged = arrivals.find(({ body }) => body === 'damaged')
    if (damaged !== undefined && this.#damagedBytes < MOST_BYTES) {
      this.#damaged.set(damaged.id, octets)
      this.#damagedBytes += octets.length
    }
    return arrivals
  }

  async #stat(path: string) {
    const found = await stat(path).catch((error) => {
      throw this.#failure(errorText(error))
    })
    return { size: found.size, ino: found.ino, isFile: found.isFile() }
  }

  #failure(
    why: string,
    hint = 'Name a file that this user may read: STRESS_VERIFY=mbox:/path',
  ): MailstormError {
    return new MailstormError('VERIFY_STORE', `Failed to read the mbox ${this.#path}: ${why}.`, hint)
  }
}

const BOUNDARY = Buffer.from('\n\nFrom ')

/** Where the next message begins: a From line after an empty one. -1 when it has not come yet. */
function nextMessage(bytes: Buffer): number {
  const at = bytes.indexOf(BOUNDARY)
  return at === -1 ? -1 : at + 2
}

/** RFC 4155: each message ends with an empty line. */
function isWhole(bytes: Buffer): boolean {
  return bytes.length > 1 && bytes.at(-1) === LF && bytes.at(-2) === LF
}

/** Without the empty line at the end, and without the `>` that mboxrd puts before From lines of the text. */
function unquoted(bytes: Buffer): Buffer {
  const text = bytes.toString('latin1', 0, bytes.length - 1)
  return Buffer.from(text.replace(/^>(?=>*From )/gm, ''), 'latin1')
}

/** `From a@x Mon Nov 30 12:00:00 2026`, in local time as C's asctime writes it (RFC 4155: in UTC). */
function timeOf(line: string): number | undefined {
  const [, text = ''] = /([A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4})\s*$/.exec(line) ?? []
  const ms = Date.parse(text)
  return Number.isNaN(ms) ? undefined : ms
}
