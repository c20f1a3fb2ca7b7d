import { crc32 } from 'node:zlib'
import { BODY_CRC_HEADER, ID_HEADER, type LedgerEntry } from '../../ledger/ledger.ts'

/** A header longer than this is not searched for an id: it is not one of ours. */
const MAX_HEAD_BYTES = 64 * 1024
const EMPTY = Buffer.alloc(0)
const BLANK_LINE = '\r\n\r\n'

// Field names are case-insensitive (RFC 5322 1.2.2 and 2.2). An id is kept to characters that need no
// escape in JSON, and has a run before its last hyphen.
const ID = new RegExp(
  `^${ID_HEADER}:[ \\t]*([A-Za-z0-9._@+-]{1,200}-[A-Za-z0-9._@+]{1,40})[ \\t]*\\r?$`,
  'im',
)
const BODY_CRC = new RegExp(`^${BODY_CRC_HEADER}:[ \\t]*([^\\r\\n]*?)[ \\t]*\\r?$`, 'im')

/**
 * Reads one message as it streams by, without the dots of RFC 5321 4.5.2: its id, its size and whether
 * its body matches its CRC. It holds the header until the empty line (RFC 5322 2.1) and nothing else.
 */
export class MessageReader {
  /** Undefined once the empty line was seen, or the header was too long to be searched. */
  #head: Buffer | undefined = EMPTY
  #id = ''
  /** CRC-32 as the header says; undefined = it says none, so nothing can be checked. */
  #expectedCrc: string | undefined
  #crc = 0
  #bytes = 0

  push(chunk: Buffer): void {
    this.#bytes += chunk.length
    if (this.#head === undefined) {
      this.#crc = crc32(chunk, this.#crc)
      return
    }
    const head = this.#head.length === 0 ? chunk : Buffer.concat([this.#head, chunk])
    const bodyAt = bodyStart(head, this.#head.length)
    if (bodyAt !== undefined) {
      this.#readHead(head, bodyAt)
      this.#crc = crc32(head.subarray(bodyAt), 0)
    } else {
      this.#head = head.length > MAX_HEAD_BYTES ? undefined : head
    }
  }

  /** The line of the ledger; call once, after the last chunk. An id that is not ours becomes empty. */
  end(): LedgerEntry {
    // A message may consist of its header alone (RFC 5322 3.5).
    if (this.#head !== undefined) this.#readHead(this.#head, this.#head.length)
    const intact =
      this.#expectedCrc === undefined || this.#expectedCrc === this.#crc.toString(16).padStart(8, '0')
    return { id: this.#id, bytes: this.#bytes, intact }
  }

  #readHead(bytes: Buffer, end: number): void {
    const head = bytes.toString('latin1', 0, end)
    this.#id = ID.exec(head)?.[1] ?? ''
    this.#expectedCrc = BODY_CRC.exec(head)?.[1]?.toLowerCase()
    this.#head = undefined
  }
}

/** Where the body begins; `searched` bytes are known to hold no complete empty line. */
function bodyStart(head: Buffer, searched: number): number | undefined {
  if (head.length >= 2 && head[0] === 0x0d && head[1] === 0x0a) return 2
  const at = head.indexOf(BLANK_LINE, Math.max(0, searched - BLANK_LINE.length + 1), 'latin1')
  return at === -1 ? undefined : at + BLANK_LINE.length
}
