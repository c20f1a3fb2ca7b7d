import { errorText } from '../../error.ts'
import { foreignText } from '../../foreign-text.ts'
import { SmtpFailure } from '../../smtp/failure.ts'
import { AttachmentError } from '../attachments/attachment-error.ts'
import { OutOfReach } from '../attachments/reach.ts'
import { RateLimited } from './rate-limits.ts'
import { NobodyAccepted, type RefusedBy, type Transacted } from './smtp-session.ts'
import { UnfitMessage } from './wire-octets.ts'

/** What one attempt led to, recipient by recipient. */
export interface AttemptResult {
  readonly accepted: readonly string[]
  readonly refused: readonly RefusedRecipient[]
  /** Why those that are in neither list did not get it, when that has nothing to do with any recipient. */
  readonly failure?: Failure
}

export interface Failure {
  readonly reason: string
  /** The same attempt would fail again. */
  readonly permanent: boolean
  /** When it may be tried again, where that is known; it was no attempt then. */
  readonly retryAfterMs?: number
}

export interface RefusedRecipient extends Failure {
  readonly address: string
  /** The server takes no more recipients in this transaction (RFC 5321 4.5.3.1.10), and may in the next. */
  readonly tooMany?: boolean
}

/** Of a text that is stored and reported once for each recipient. */
const MAX_REASON_LENGTH = 500

export function resultOf({ accepted, refused }: Transacted): AttemptResult {
  return { accepted, refused: refused.map(refusalOf) }
}

export function resultOfError(error: unknown): AttemptResult {
  if (error instanceof NobodyAccepted) return { accepted: [], refused: error.refused.map(refusalOf) }
  return { accepted: [], refused: [], failure: failureOf(error) }
}

function refusalOf({ address, failure }: RefusedBy): RefusedRecipient {
  const tooMany = isTooMany(failure)
  // 552 was what older servers said instead of 452 (RFC 5321 4.5.3.1.10).
  return { address, ...failureOf(failure), ...(tooMany ? { permanent: false } : {}), tooMany }
}

/** Without a code of RFC 3463 it is the reply code that tells; with one, 452 may be a full mailbox (4.2.2), too. */
function isTooMany({ failure: { code, enhanced } }: SmtpFailure): boolean {
  return enhanced === undefined ? code === 452 || code === 552 : /^[45]\.5\.3$/.test(enhanced)
}

/**
 * By the reply's class where there was a reply: 5yz is permanent (RFC 5321 4.2.1) but for 503, which is about
 * the session. Without one: bad data stays bad, all that is about the way there may pass.
 */
export function failureOf(error: unknown): Failure {
  if (error instanceof RateLimited)
    return { reason: error.message, permanent: error.rejects, retryAfterMs: error.waitMs }
  const reason = foreignText(errorText(error), MAX_REASON_LENGTH) || unnamed(error)
  if (error instanceof AttachmentError) return { reason, permanent: error.final }
  if (error instanceof OutOfReach) return { reason: `SMTP server ${reason}`, permanent: true }
  if (error instanceof UnfitMessage)
    return { reason: `the message cannot be sent: ${reason}`, permanent: true }
  const code = error instanceof SmtpFailure ? error.failure.code : undefined
  return { reason, permanent: code !== undefined && code >= 500 && code !== 503 }
}

function unnamed(error: unknown): string {
  return error instanceof SmtpFailure
    ? `${error.failure.class} (${error.failure.phase})`
    : 'failed without a reason'
}
