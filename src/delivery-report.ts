import PostalMime, { type Attachment, type Email } from 'postal-mime'
import { foreignText } from './text/foreign-text.ts'

/** What became of one recipient of a message that was accepted but not delivered after all. */
export interface Bounce {
  readonly recipient: string
  /** Hard bounces are final; after a soft one the server keeps trying (RFC 3464 2.3.3). */
  readonly type: 'hard' | 'soft'
  /** Status code (RFC 3463), such as 5.1.1. */
  readonly code: string | undefined
  readonly reason: string
}

export interface ReportedBounce extends Bounce {
  /** RFC 3464 2.3.3; after `failed` the server no longer tries, whatever the code. */
  readonly action: 'failed' | 'delayed'
}

export interface BounceReport {
  readonly bounces: readonly ReportedBounce[]
  /** The message that it is about, according to the header that was asked for. */
  readonly id: string | undefined
  readonly messageId: string | undefined
}

/** Including the internationalised forms of RFC 6533. */
const STATUS_TYPES = new Set(['message/delivery-status', 'message/global-delivery-status'])
const RETURNED_TYPES = new Set([
  'message/rfc822',
  'text/rfc822-headers',
  'message/global',
  'message/global-headers',
])
const MAX_REASON_LENGTH = 500
/** Enough for a message with a thousand recipients. */
const MAX_RECIPIENTS = 2_000

/**
 * Parses a delivery status notification (RFC 3464, RFC 6533); undefined for any other mail. Leaves out
 * recipients that were delivered to, relayed or expanded: nothing failed for them. `idHeader`: the header of the
 * returned message that has its id.
 */
export async function readBounceReport(source: Buffer, idHeader: string): Promise<BounceReport | undefined> {
  const mail = await PostalMime.parse(source, { forceRfc822Attachments: true, maxNestingDepth: 20 })
  const status = mail.attachments.find(({ mimeType }) => STATUS_TYPES.has(mimeType))
  if (status === undefined) return undefined
  const returned = mail.attachments.find(({ mimeType }) => RETURNED_TYPES.has(mimeType))
  const original = returned === undefined ? undefined : await PostalMime.parse(octetsOf(returned))
  // One group of fields for the message, one for each recipient (RFC 3464 2.1).
  const [, ...recipients] = Buffer.from(octetsOf(status))
    .toString('utf8')
    .split(/\r?\n(?:\r?\n)+/)
    .filter((block) => block.trim() !== '')
  const bounces = await Promise.all(recipients.slice(0, MAX_RECIPIENTS).map(bounceOf))
  return {
    bounces: bounces.filter((bounce) => bounce !== undefined),
    id: original && headerOf(original, idHeader),
    messageId: original && headerOf(original, 'Message-ID'),
  }
}

async function bounceOf(block: string): Promise<ReportedBounce | undefined> {
  const fields = await PostalMime.parse(`${block}\r\n\r\n`)
  // Values may be followed by a comment (RFC 3464 2.1.2).
  const value = (name: string) =>
    headerOf(fields, name)
      ?.replace(/\([^()]*\)/g, '')
      .trim()
  const action = value('Action')?.toLowerCase()
  if (action !== 'failed' && action !== 'delayed') return undefined
  const recipient = afterType(value('Original-Recipient') ?? value('Final-Recipient') ?? '')
  const code = /[245]\.\d{1,3}\.\d{1,3}/.exec(value('Status') ?? '')?.[0]
  const said = afterType(headerOf(fields, 'Diagnostic-Code') ?? '')
  return {
    recipient: foreignText(recipient, 320),
    action,
    type: action === 'failed' && !code?.startsWith('4') ? 'hard' : 'soft',
    code,
    reason: foreignText(said || `${action}${code === undefined ? '' : ` ${code}`}`, MAX_REASON_LENGTH),
  }
}

/** `rfc822; a@b` without its type (RFC 3464 2.1.2). */
function afterType(value: string): string {
  return value.slice(value.indexOf(';') + 1).trim()
}

function headerOf({ headers }: Email, name: string): string | undefined {
  return headers.find(({ key }) => key === name.toLowerCase())?.value
}

function octetsOf({ content }: Attachment): Uint8Array {
  return typeof content === 'string' ? Buffer.from(content) : new Uint8Array(content)
}
