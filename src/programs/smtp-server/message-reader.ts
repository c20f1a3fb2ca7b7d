import { crc32 } from 'node:zlib'
import { BODY_CRC_HEADER, ID_HEADER, type LedgerEntry } from '../../ledger/ledger.ts'

/** What stands further down is not searched for an id: ours is on top. */
const MAX_HEAD_BYTES = 64 * 1024
const EMPTY = Buffer.alloc(0)
const BLANK_LINE = '\r\n\r\n'

// Field names are case-insensitive (RFC 5322 1.2.2 and 2.2). An id has only characters that need no escaping in
// JSON, and a run before its last hyphen.
const ID = new RegExp(
  `^${ID_HEADER}:[ \\t]*([A-Za-z0-9._@+-]{1,200}-[A-Za-z0-9._@+]{1,40})[ \\t]*\\r?$`,
  'im',
)
const BODY_CRC = new RegExp(`^${BODY_CRC_HEADER}:[ \\t]*([^\\r\\n]*?)[ \\t]*\\r?$`, 'im')

/**
 * Reads one message as it streams by, with dot-stuffing removed (RFC 5321 4.5.2): its id, its size, and whether
 * its body matches its CRC. It buffers only the header, up to the empty line (RFC 5322 2.1), and not all of a long one.
 */
export class MessageReader {
  /** Undefined once the empty line was seen. Of a long header that was read, its last octets. */
  #head: Buffer | undefined = EMPTY
  #isRead = false
  #id = ''
  /** CRC-32 from the header; undefined when there is none to check against. */
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
    const bodyAt = this.#bodyStart(head, this.#head.length)
    if (bodyAt !== undefined) {
      this.#readHead(head, bodyAt)
      this.#head = undefined
      this.#crc = crc32(head.subarray(bodyAt), 0)
    } else if (this.#isRead || head.length > MAX_HEAD_BYTES) {
      this.#readHead(head, head.length)
      this.#head = head.subarray(-(BLANK_LINE.length - 1))
    } else this.#head = head
  }

  /** The message's ledger entry; call once, after the last chunk. An id that is not ours becomes empty. */
  end(): LedgerEntry {
    // A message may have no body (RFC 5322 3.5).
    if (this.#head !== undefined) this.#readHead(this.#head, this.#head.length)
    const intact =
      this.#expectedCrc === undefined || this.#expectedCrc === this.#crc.toString(16).padStart(8, '0')
    return { id: this.#id, bytes: this.#bytes, intact }
  }

  #readHead(bytes: Buffer, end: number): void {
    if (this.#isRead) return
    this.#isRead = true
    const head = bytes.toString('latin1', 0, Math.min(end, MAX_HEAD_BYTES))
    this.#id = ID.exec(head)?.[1] ?? ''
    this.#expectedCrc = BODY_CRC.exec(head)?.[1]?.toLowerCase()
  }

  /** Where the body begins; the first `searched` bytes contain no complete empty line. */
  #bodyStart(head: Buffer, searched: number): number | undefined {
    if (!this.#isRead && head.length >= 2 && head[0] === 0x0d && head[1] === 0x0a) return 2
    return afterBlankLine(head, searched)
  }
}

function afterBlankLine(head: Buffer, searched: number): number | undefined {
  const at = head.indexOf(BLANK_LINE, Math.max(0, searched - BLANK_LINE.length + 1), 'latin1')
  return at === -1 ? undefined : at + BLANK_LINE.length
}
