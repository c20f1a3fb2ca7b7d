import { crc32 } from 'node:zlib'
import { BODY_CRC_HEADER, ID_HEADER } from '../ledger/ledger.ts'
import { transferDecoder } from '../programs/sink/mime/transfer-decoder.ts'
import type { Arrival, BodyState } from './store.ts'

/** A message as a store has it; its lines end in CRLF, or in LF as in most files. */
export interface StoredMessage {
  readonly octets: Buffer
  /** Envelope recipient or owner of the mailbox, where the store knows it. */
  readonly recipient?: string | undefined
  readonly arrivedAtMs?: number | undefined
}

/** A header beyond that is no header. */
const LONGEST_HEADER_BYTES = 1024 * 1024

/** What one stored message tells of a run: a copy of a message, bounces of messages, or nothing. */
export async function arrivalsOf(message: StoredMessage, runId: string): Promise<readonly Arrival[]> {
  const { octets, arrivedAtMs } = message
  const begin = `${runId}-`
  if (!octets.includes(begin)) return []
  const header = headerOf(octets)
  const id = header.field(ID_HEADER)
  if (id?.startsWith(begin)) {
    const recipient = message.recipient ?? originalRecipient(header)
    return [{ id, recipient, arrivedAtMs, body: bodyState(octets, header) }]
  }
  if (!/^multipart\/report\b/i.test(header.field('Content-Type') ?? '')) return []
  return bouncesIn(message, begin)
}

async function bouncesIn({ octets, arrivedAtMs }: StoredMessage, begin: string): Promise<Arrival[]> {
  const { readBounceReport } = await import('../delivery-report.ts')
  const report = await readBounceReport(octets, ID_HEADER).catch(() => undefined)
  const id = report?.id
  if (report === undefined || id === undefined || !id.startsWith(begin)) return []
  // What is only late may still arrive.
  const final = report.bounces.filter(({ action }) => action === 'failed')
  return final.map(({ recipient, code, reason }) => ({
    id,
    recipient,
    arrivedAtMs,
    body: 'unknown',
    bounce: {
      status: code,
      recipient, // Folded lines leave their blanks (RFC 5322 2.2.3).
      text: reason.replace(/\s+/g, ' '),
    },
  }))
}

interface Header {
  /** Value of the first field of that name, unfolded. */
  field(name: string): string | undefined
  /** Where the body begins. */
  readonly bodyAt: number
  readonly endsLinesWithLf: boolean
}

function headerOf(octets: Buffer): Header {
  const most = octets.subarray(0, LONGEST_HEADER_BYTES)
  const crlf = most.indexOf('\r\n\r\n')
  const lf = most.indexOf('\n\n')
  const endsLinesWithLf = lf !== -1 && (crlf === -1 || lf < crlf)
  const end = endsLinesWithLf ? lf : crlf
  const bodyAt = end === -1 ? octets.length : end + (endsLinesWithLf ? 2 : 4)
  const text = octets.toString('latin1', 0, end === -1 ? most.length : end).replace(/\r?\n(?=[ \t])/g, '')
  return {
    field: (name) => new RegExp(`^${name}:[ \\t]*(.*?)[ \\t]*\\r?$`, 'im').exec(text)?.[1],
    bodyAt,
    endsLinesWithLf,
  }
}

/** Whether the body is the one that was sent, by the CRC-32 in the header. */
export function bodyState(
  octets: Buffer,
  header: Pick<Header, 'field' | 'bodyAt' | 'endsLinesWithLf'>,
): BodyState {
  const expected = Number.parseInt(header.field(BODY_CRC_HEADER) ?? '', 16)
  if (Number.isNaN(expected)) return 'unknown'
  const stored = octets.subarray(header.bodyAt)
  const body = header.endsLinesWithLf ? withCrlf(stored) : stored
  if (crc32(body) === expected) return 'intact'
  const encoding = header.field('Content-Transfer-Encoding') ?? ''
  if (!/^(base64|quoted-printable)$/i.test(encoding)) return 'damaged'
  const decoder = transferDecoder(encoding)
  const decoded = Buffer.concat([decoder.push(body), decoder.end()])
  return crc32(decoded) === expected ? 'reencoded' : 'damaged'
}

/** Files end lines with LF alone; a CR before it was part of the message. */
export function withCrlf(octets: Buffer): Buffer {
  return Buffer.from(octets.toString('latin1').replace(/\r?\n/g, '\r\n'), 'latin1')
}

/** The recipient before aliases: Postfix and Exim write it down where they are told to. */
function originalRecipient(header: Header): string | undefined {
  const value = header.field('X-Original-To') ?? header.field('Envelope-To')
  return value === undefined || value.includes(',') ? undefined : value.replace(/^<(.*)>$/, '$1')
}
