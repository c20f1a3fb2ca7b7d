import { createHash, hash } from 'node:crypto'
import { type PartHeader, readPartHeader } from './part-header.ts'
import { type TransferDecoder, transferDecoder } from './transfer-decoder.ts'

export interface AttachmentFacts {
  readonly name: string
  /** Decoded. */
  readonly bytes: number
  readonly md5: string
}

/** What a message holds, in digests. */
export interface MimeFacts {
  /** Of the first plain text, see textDigest(); null when there is none. */
  readonly text_md5: string | null
  readonly html_md5: string | null
  readonly attachments: readonly AttachmentFacts[]
}

const CRLF = '\r\n'
const BLANK_LINE = '\r\n\r\n'
const DELIMITER_BEGINS = Buffer.from('\r\n--')
/** RFC 2046 5.1.1: a boundary has at most 70 characters; the rest is room for "--" and padding. */
const MOST_OF_DELIMITER = 200
/** A header that does not end by then does not count as one. */
const MOST_OF_HEADER = 1024 * 1024

/**
 * Reads a message block by block and keeps nothing of it but digests (RFC 2046). Content is handed on in large
 * pieces, up to where a delimiter may begin, so that 50 MB cost little more than their MD5.
 */
export class MimeDigest {
  /** Of the multiparts that are open, the outermost first. */
  readonly #boundaries: string[] = []
  readonly #facts: { text?: string; html?: string; attachments: AttachmentFacts[] } = { attachments: [] }
  /** Begins with the CRLF before the header or body that comes. */
  #rest: Buffer = Buffer.from(CRLF)
  #part: Part | 'header' | 'skipped' = 'header'
  /** The CRLF before a body is not of it. */
  #atBodyStart = false

  push(block: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, block])
    while (this.#part === 'header' ? this.#readHeader() : this.#readBody());
  }

  end(): MimeFacts {
    this.push(Buffer.from(CRLF))
    if (this.#part === 'header') this.#begin(readPartHeader(this.#rest.subarray(CRLF.length)))
    this.#give(this.#rest.length)
    this.#endPart()
    const { text = null, html = null, attachments } = this.#facts
    return { text_md5: text, html_md5: html, attachments }
  }

  /** False when more has to come. */
  #readHeader(): boolean {
    const end = this.#rest.indexOf(BLANK_LINE)
    if (end === -1 && this.#rest.length < MOST_OF_HEADER) return false
    this.#begin(readPartHeader(this.#rest.subarray(CRLF.length, Math.max(end, CRLF.length))))
    this.#rest = this.#rest.subarray(end === -1 ? 0 : end + CRLF.length)
    return true
  }

  #begin(header: PartHeader): void {
    if (header.boundary !== undefined) this.#boundaries.push(header.boundary)
    this.#part = header.boundary === undefined ? new Part(header) : 'skipped'
    this.#atBodyStart = true
  }

  #readBody(): boolean {
    if (this.#boundaries.length === 0) {
      this.#give(this.#rest.length)
      return false
    }
    for (let from = 0; ; ) {
      const at = this.#rest.indexOf(DELIMITER_BEGINS, from)
      if (at === -1) {
        this.#give(Math.max(from, this.#rest.length - DELIMITER_BEGINS.length + 1))
        return false
      }
      const lineAt = at + DELIMITER_BEGINS.length
      const lineEnd = this.#rest.indexOf(CRLF, lineAt)
      if (lineEnd === -1 && this.#rest.length - at < MOST_OF_DELIMITER) {
        this.#give(at)
        return false
      }
      if (this.#isDelimiter(at, lineAt, lineEnd)) return true
      from = lineAt - 1
    }
  }

  /** Whether the line is one, and if so, what it ends is ended, and what it begins begun. */
  #isDelimiter(at: number, lineAt: number, lineEnd: number): boolean {
    if (lineEnd === -1 || lineEnd - lineAt > MOST_OF_DELIMITER) return false
    const line = this.#rest.toString('latin1', lineAt, lineEnd).trimEnd()
    const depth = this.#boundaries.findLastIndex((own) => line === own || line === `${own}--`)
    if (depth === -1) return false
    const closes = line !== this.#boundaries[depth]
    this.#give(at)
    this.#endPart()
    this.#boundaries.length = closes ? depth : depth + 1
    this.#part = closes ? 'skipped' : 'header'
    this.#rest = this.#rest.subarray(lineEnd - at)
    return true
  }

  /** Hands the first bytes of the rest on. */
  #give(bytes: number): void {
    if (bytes <= 0) return
    if (this.#atBodyStart && bytes < CRLF.length) return
    const content = this.#rest.subarray(this.#atBodyStart ? CRLF.length : 0, bytes)
    this.#atBodyStart = false
    if (this.#part instanceof Part) this.#part.push(content)
    this.#rest = Buffer.from(this.#rest.subarray(bytes))
  }

  #endPart(): void {
    if (!(this.#part instanceof Part)) return
    const { header } = this.#part
    const kind = TEXTS.get(header.type)
    const isText = kind !== undefined && !header.isAttachment && this.#facts[kind] === undefined
    if (isText) this.#facts[kind] = this.#part.textDigest()
    else this.#facts.attachments.push(this.#part.attachment())
    this.#part = 'skipped'
  }
}

const TEXTS = new Map([
  ['text/plain', 'text'],
  ['text/html', 'html'],
] as const) as ReadonlyMap<string, 'text' | 'html'>

/** A part that has no parts. */
class Part {
  readonly header: PartHeader
  readonly #decoder: TransferDecoder
  readonly #hash = createHash('md5')
  /** Of a text only. */
  readonly #kept: Buffer[] | undefined
  #bytes = 0

  constructor(header: PartHeader) {
    this.header = header
    this.#decoder = transferDecoder(header.encoding)
    this.#kept = TEXTS.has(header.type) && !header.isAttachment ? [] : undefined
  }

  push(content: Buffer): void {
    this.#take(this.#decoder.push(content))
  }

  attachment(): AttachmentFacts {
    this.#take(this.#decoder.end())
    return { name: this.header.filename ?? '', bytes: this.#bytes, md5: this.#hash.digest('hex') }
  }

  textDigest(): string {
    this.#take(this.#decoder.end())
    const text = textOf(Buffer.concat(this.#kept ?? []), this.header.charset)
    return textDigest(this.header.isFlowed ? unflowed(text) : text)
  }

  #take(decoded: Buffer): void {
    this.#bytes += decoded.length
    this.#hash.update(decoded)
    this.#kept?.push(Buffer.from(decoded))
  }
}

function textOf(bytes: Buffer, charset: string): string {
  try {
    return new TextDecoder(charset).decode(bytes)
  } catch {
    // A charset that nobody knows: its bytes are compared.
    return bytes.toString('latin1')
  }
}

/**
 * What stays of a text on every way that keeps its meaning: lines end with LF, and none that is empty ends it.
 * Both sides of a comparison use it: who made the text, and who received it.
 */
export function canonicalText(text: string): string {
  return text.replaceAll('\r\n', '\n').replace(/\n+$/, '')
}

/** MD5 of the canonical text in UTF-8, in hex. */
export function textDigest(text: string): string {
  return hash('md5', canonicalText(text))
}

/** Lines that only the sender's format broke, put together again (RFC 3676 4.1, without DelSp). */
function unflowed(text: string): string {
  const unstuffed = text.replace(/^ /gm, '')
  return unstuffed.replace(/(?<!^--) \r?\n(?=[^>\r\n])/gm, ' ')
}
