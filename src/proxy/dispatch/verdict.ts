import type { SMTPConnectionSendInfo } from 'nodemailer/lib/smtp-connection'
import { AttachmentError } from '../attachments/attachment-error.ts'
import { OutOfReach } from '../attachments/reach.ts'
import { messageOf } from '../log.ts'

/** What one attempt led to, recipient by recipient. */
export interface AttemptResult {
  readonly accepted: readonly string[]
  readonly refused: readonly RefusedRecipient[]
  /** Why nobody got it, when that has nothing to do with any recipient. */
  readonly failure?: Failure
}

export interface Failure {
  readonly reason: string
  /** The same attempt would fail again. */
  readonly permanent: boolean
}

export interface RefusedRecipient extends Failure {
  readonly address: string
}

/** What nodemailer adds to its errors (its NodemailerError). */
interface SmtpError extends NodeJS.ErrnoException {
  readonly responseCode?: number
  readonly response?: string
  readonly permanent?: boolean
  readonly recipient?: string
  readonly rejectedErrors?: readonly SmtpError[]
}

export function resultOf(info: SMTPConnectionSendInfo): AttemptResult {
  const errors = (info.rejectedErrors ?? []) as readonly SmtpError[]
  return { accepted: info.accepted, refused: errors.flatMap(refusalOf) }
}

export function resultOfError(error: unknown): AttemptResult {
  const refused = ((error as SmtpError).rejectedErrors ?? []).flatMap(refusalOf)
  return refused.length > 0
    ? { accepted: [], refused }
    : { accepted: [], refused: [], failure: failureOf(error) }
}

function refusalOf(error: SmtpError): RefusedRecipient[] {
  return error.recipient === undefined ? [] : [{ address: error.recipient, ...failureOf(error) }]
}

/**
 * By the reply's class where there was a reply: 5yz is permanent (RFC 5321 4.2.1) but for 503, which is about
 * the session. Without one: bad data stays bad, all that is about the way there may pass.
 */
export function failureOf(error: unknown): Failure {
  if (error instanceof AttachmentError) return { reason: error.message, permanent: error.final }
  if (error instanceof OutOfReach) return { reason: `SMTP server ${error.message}`, permanent: true }
  const { responseCode, permanent, response, code } = error as SmtpError
  const reason = response ?? messageOf(error)
  if (responseCode !== undefined) return { reason, permanent: permanent ?? false }
  // Without a reply: addresses that nodemailer refuses, or content that it cannot make.
  return { reason, permanent: code === 'EENVELOPE' || code === 'EFILEACCESS' || code === 'EURLACCESS' }
}
