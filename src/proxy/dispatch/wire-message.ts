import type { Readable } from 'node:stream'
import MailComposer from 'nodemailer/lib/mail-composer'
import type MimeNode from 'nodemailer/lib/mime-node'
import type { OpenAttachment } from '../attachments/open-attachments.ts'
import type { Claimed } from '../store/claim.ts'
import { compose, composePlain, fieldsMeant, isInternational, PART_FIELDS } from './compose.ts'
import { checkHeader, WireEncoder } from './wire-octets.ts'

/** A message as it goes to a server. */
export interface WireMessage {
  /** All that follows DATA, its final dot included, where that fits into memory; else `open`. */
  readonly octets?: Buffer
  /** The message made anew, before it is encoded for the wire: attachments that come from elsewhere are read once. */
  readonly open?: () => Readable
  /** RFC 1870 3. What is not known before it has come counts nothing. */
  readonly leastBytes: number
  /** `leastBytes` are all. */
  readonly isSizeKnown: boolean
  /** Only for servers that offer SMTPUTF8 (RFC 6531). */
  readonly isInternational: boolean
}

type Composed = Pick<Claimed, 'id' | 'tenantId' | 'mail'>

/** Larger content is written as it is encoded. */
const MOST_IN_MEMORY = 256 * 1024

/** Makes and checks the octets of a message; throws UnfitMessage. */
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

/** Checks the header of a part and of the parts in it; gives their octets once they are encoded, at the least. */
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
