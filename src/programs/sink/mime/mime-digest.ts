import { createHash, hash } from 'node:crypto'
import { type PartHeader, readPartHeader } from './part-header.ts'
import { type TransferDecoder, transferDecoder } from './transfer-decoder.ts'

export interface AttachmentFacts {
  readonly name: string
  /** After decoding. */
  readonly bytes: number
  readonly md5: string
}

/** The content of a message, in digests. */
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
/** A longer header is not treated as one. */
const MOST_OF_HEADER = 1024 * 1024

/**
 * Reads a message block by block and keeps only digests (RFC 2046). Content is passed on in large pieces, up to
 * a possible delimiter, so that 50 MB cost little more than their MD5.
 */
export class MimeDigest {
  /** Boundaries of the open multiparts, outermost first. */
  readonly #boundaries: string[] = []
  readonly #facts: { text?: string; html?: string; attachments: AttachmentFacts[] } = { attachments: [] }
  /** Starts with the CRLF before the next header or body. */
  #rest: Buffer = Buffer.from(CRLF)
  #part: Part | 'header' | 'skipped' = 'header'
  /** The CRLF before a body does not belong to it. */
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

  /** False when more input is needed. */
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

  /** Whether the line is a delimiter; if so, ends and begins parts accordingly. */
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

  /** Passes on the first bytes of the rest. */
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

/** A part without sub-parts. */
class Part {
  readonly header: PartHeader
  readonly #decoder: TransferDecoder
  readonly #hash = createHash('md5')
  /** Only for text. */
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
    // Unknown charset: compare the bytes.
    return bytes.toString('latin1')
  }
}

/**
 * The canonical form of a text, the same after any transfer that keeps its meaning: lines end with LF, and no
 * empty line comes last. Used on both sides of a comparison, by the text's author and by its receiver.
 */
export function canonicalText(text: string): string {
  return text.replaceAll('\r\n', '\n').replace(/\n+$/, '')
}

/** MD5 of the canonical text in UTF-8, in hex. */
export function textDigest(text: string): string {
  return hash('md5', canonicalText(text))
}

/** Joins lines that only the sender's format broke (RFC 3676 4.1, without DelSp). */
function unflowed(text: string): string {
  const unstuffed = text.replace(/^ /gm, '')
  return unstuffed.replace(/(?<!^--) \r?\n(?=[^>\r\n])/gm, ' ')
}
