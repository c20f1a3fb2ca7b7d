import { isUtf8 } from 'node:buffer'
import type { Readable } from 'node:stream'
import MailComposer from 'nodemailer/lib/mail-composer'
import type MimeNode from 'nodemailer/lib/mime-node'
import type { OpenAttachment } from '../attachments/attachments.ts'
import type { Claimed } from '../store/claim.ts'
import { compose, composePlain, fieldsMeant, isInternational, PART_FIELDS } from './compose.ts'

/** A message as it is sent to a server. */
export interface WireMessage {
  /** Everything after DATA including the final dot, if it fits into memory; otherwise `open`. */
  readonly octets?: Buffer
  /**
   * Composes the message again, not yet encoded for the wire, because streamed attachments can be read only
   * once.
   */
  readonly open?: () => Readable
  /** Lower bound of the size (RFC 1870 3); unknown parts count as zero. */
  readonly leastBytes: number
  /** Whether `leastBytes` is exact. */
  readonly isSizeKnown: boolean
  /** Only for servers that offer SMTPUTF8 (RFC 6531). */
  readonly isInternational: boolean
}

type Composed = Pick<Claimed, 'id' | 'tenantId' | 'mail'>

/** Larger content is encoded while it is written. */
const MOST_IN_MEMORY = 256 * 1024

/** Encodes and checks a message; throws UnfitMessage. */
export async function wireMessage(
  message: Composed,
  attachments: readonly OpenAttachment[],
): Promise<WireMessage> {
  const international = isInternational(message)
  const plain = attachments.length === 0 ? composePlain(message) : undefined
  if (plain !== undefined) {
    const header = Buffer.from(plain.header, 'utf8')
    checkHeader(header, fieldsMeant(message))
    return inOnePiece(Buffer.from(`${plain.header}\r\n\r\n${plain.text}`, 'utf8'), international)
  }
  const node = new MailComposer(compose(message, attachments)).compile()
  const bytes = partBytes(node, fieldsMeant(message), international)
  if (bytes.known && bytes.least <= MOST_IN_MEMORY) return inOnePiece(await node.build(), international)
  return {
    open: () => node.createReadStream(),
    leastBytes: bytes.least,
    isSizeKnown: bytes.known,
    isInternational: international,
  }
}

function inOnePiece(message: Buffer, international: boolean): WireMessage {
  const encoder = new WireEncoder()
  const parts = encoder.push(message)
  parts.push(...encoder.end())
  return {
    octets: Buffer.concat(parts),
    leastBytes: encoder.sizeBytes,
    isSizeKnown: true,
    isInternational: international,
  }
}

interface PartBytes {
  readonly least: number
  readonly known: boolean
}

/** Checks the headers of a part and its sub-parts; returns a lower bound of their encoded size. */
function partBytes(node: MimeNode, meant: readonly string[], international: boolean): PartBytes {
  const header = Buffer.from(node.buildHeaders(), 'utf8')
  checkHeader(header, meant, international)
  const own = header.length + '\r\n\r\n'.length
  const boundaryBytes = (node.boundary || '').length + '\r\n--\r\n'.length
  return node.childNodes
    .map((child) => partBytes(child, PART_FIELDS, false))
    .reduce(
      (sum, part) => ({ least: sum.least + part.least + boundaryBytes, known: sum.known && part.known }),
      {
        least: own + contentBytes(node),
        known: node.childNodes.length > 0 || contentIsHere(node),
      },
    )
}

function contentIsHere({ content }: MimeNode): boolean {
  return !content || typeof content === 'string' || Buffer.isBuffer(content)
}

/** Zero for what is still to come. */
function contentBytes(node: MimeNode): number {
  const { content } = node
  if (!content || !contentIsHere(node)) return 0
  const bytes = Buffer.byteLength(content as string | Buffer)
  if (node.getTransferEncoding() !== 'base64') return bytes
  // Lines of 76 characters and their CRLF (RFC 2045 6.8).
  const characters = Math.ceil(bytes / 3) * 4
  return characters + Math.max(0, Math.ceil(characters / 76) - 1) * 2
}

/**
 * A message as sent, checked as octets: after all encoding, before the first octet is sent. Earlier checks on
 * text can be undone by whatever narrows or folds it later.
 */

/** Length of a line without its CRLF (RFC 5322 2.1.1, RFC 5321 4.5.3.1.6). */
export const MAX_LINE_OCTETS = 998

/** The message can never be sent, to any server. */
export class UnfitMessage extends Error {}

const TAB = 9
const LF = 10
const CR = 13
const SPACE = 32
const DOT = 46
const TILDE = 126
const DELETE = 127
const CRLF_OCTETS = Buffer.from('\r\n')
const DOT_OCTETS = Buffer.from('.')
const END_OF_DATA = Buffer.from('.\r\n')

/**
 * Checks a header block (without the empty line after it): lines of printable ASCII (UTF-8 with `utf8`, RFC
 * 6532 3.2) that end in CRLF and are not too long; only `meant` fields, none more often than meant. Throws
 * UnfitMessage.
 */
export function checkHeader(octets: Buffer, meant: readonly string[], utf8 = false): void {
  if (utf8 && !isUtf8(octets)) throw new UnfitMessage('its header would not be UTF-8')
  const left = new Map<string, number>()
  for (const name of meant) left.set(name.toLowerCase(), (left.get(name.toLowerCase()) ?? 0) + 1)
  let from = 0
  while (from < octets.length) {
    const to = endOfLine(octets, from, utf8)
    const name = fieldName(octets, from, to)
    if (name !== undefined) {
      const times = left.get(name) ?? 0
      if (times === 0) throw new UnfitMessage(`its header would have an unintended field: ${name}`)
      left.set(name, times - 1)
    }
    from = to + 2
  }
}

/** Where the CRLF of this header line is, or should be. */
function endOfLine(octets: Buffer, from: number, utf8: boolean): number {
  let at = from
  for (; at < octets.length; at++) {
    const octet = octets[at] as number
    if (octet === CR && octets[at + 1] === LF) break
    if ((octet < SPACE && octet !== TAB) || (octet > TILDE && !(utf8 && octet > DELETE)))
      throw new UnfitMessage(`its header would have the octet ${octet}, which is not allowed there`)
  }
  if (at === from) throw new UnfitMessage('its header would end before its last field')
  if (at - from > MAX_LINE_OCTETS) throw tooLong('header', at - from)
  return at
}

/** In lower case; undefined for the continuation of a folded field (RFC 5322 2.2.3). */
function fieldName(octets: Buffer, from: number, to: number): string | undefined {
  const first = octets[from]
  if (first === SPACE || first === TAB) {
    if (from === 0) throw new UnfitMessage('its header would begin with a blank')
    return undefined
  }
  const name = /^[!-9;-~]+(?=:)/.exec(octets.toString('latin1', from, Math.min(to, from + 100)))?.[0]
  if (name === undefined) throw new UnfitMessage('its header would have a line that is not a field')
  return name.toLowerCase()
}

function tooLong(where: string, octets: number): UnfitMessage {
  return new UnfitMessage(
    `its ${where} would have a line of ${octets} octets, where ${MAX_LINE_OCTETS} are allowed (RFC 5322 2.1.1)`,
  )
}

/**
 * Encodes a message for DATA, however it is split into chunks: every line ends in CRLF (RFC 5321 2.3.8: no bare
 * CR or LF), leading dots are doubled (4.5.2), and no line is too long.
 */
export class WireEncoder {
  /** Octets so far, including CRLF, without doubled dots (RFC 1870 3). */
  sizeBytes = 0
  #lineOctets = 0
  /** The last chunk ended in CR, possibly the first half of a CRLF. */
  #cr = false

  /** Throws UnfitMessage. The result may share memory with `chunk`. */
  push(chunk: Buffer): Buffer[] {
    const out: Buffer[] = []
    let at = 0
    if (this.#cr && chunk.length > 0) {
      this.#cr = false
      out.push(CRLF_OCTETS)
      this.#endLine()
      if (chunk[0] === LF) at = 1
    }
    let from = at
    let cr = chunk.indexOf(CR, at)
    while (at < chunk.length) {
      if (this.#lineOctets === 0 && chunk[at] === DOT) {
        if (at > from) out.push(chunk.subarray(from, at))
        out.push(DOT_OCTETS)
        from = at
      }
      const lf = chunk.indexOf(LF, at)
      if (cr !== -1 && cr < at) cr = chunk.indexOf(CR, at)
      const end = cr !== -1 && (lf === -1 || cr < lf) ? cr : lf
      if (end === -1) {
        this.#grow(chunk.length - at)
        break
      }
      this.#grow(end - at)
      if (end === cr && end + 1 === chunk.length) {
        if (end > from) out.push(chunk.subarray(from, end))
        this.#cr = true
        return out
      }
      this.#endLine()
      at = end + (end === cr && lf === cr + 1 ? 2 : 1)
      if (end === cr && lf === cr + 1) continue
      // A bare CR or LF.
      if (end > from) out.push(chunk.subarray(from, end))
      out.push(CRLF_OCTETS)
      from = at
    }
    if (from < chunk.length) out.push(chunk.subarray(from))
    return out
  }

  /** Returns the end of the message: its last CRLF if missing, and the dot. */
  end(): Buffer[] {
    if (!this.#cr && this.#lineOctets === 0) return [END_OF_DATA]
    this.#cr = false
    this.#endLine()
    return [CRLF_OCTETS, END_OF_DATA]
  }

  #grow(octets: number): void {
    this.sizeBytes += octets
    this.#lineOctets += octets
    if (this.#lineOctets > MAX_LINE_OCTETS) throw tooLong('content', this.#lineOctets)
  }

  #endLine(): void {
    this.sizeBytes += CRLF_OCTETS.length
    this.#lineOctets = 0
  }
}
