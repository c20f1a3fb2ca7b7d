import { createHash } from 'node:crypto'
import type { MailComposerOptions } from 'nodemailer/lib/mail-composer'
import type { OpenAttachment } from '../attachments/open-attachments.ts'
import type { Mail } from '../intake/mail.ts'
import type { Claimed } from '../store/claim.ts'

/** By which receivers, and those who count duplicates, know a message again. */
export const IDENTITY_HEADER = 'X-Genro-Mail-ID'

/** Everybody the message is for, once. */
export function recipientsOf({ to, cc, bcc }: Mail): string[] {
  return [...new Set([...to, ...cc, ...bcc].map(({ address }) => address))]
}

/** The message for nodemailer. Who gets it is the envelope's business, so Bcc shows nowhere. */
export function compose(
  { id, tenantId, mail }: Pick<Claimed, 'id' | 'tenantId' | 'mail'>,
  attachments: readonly OpenAttachment[],
): MailComposerOptions {
  const { from, to, cc, replyTo, subject, text, html, headers } = mail
  return {
    from,
    to: [...to],
    ...(cc.length === 0 ? {} : { cc: [...cc] }),
    ...(replyTo.length === 0 ? {} : { replyTo: [...replyTo] }),
    subject,
    ...(text === undefined ? {} : { text }),
    ...(html === undefined ? {} : { html }),
    messageId: mail.messageId ?? messageIdOf(tenantId, id, from.address),
    headers: [...headers.map(([key, value]) => ({ key, value })), { key: IDENTITY_HEADER, value: id }],
    attachments: attachments.map(({ filename, contentType, content }) => ({
      filename,
      content,
      ...(contentType === undefined ? {} : { contentType }),
    })),
    disableFileAccess: true,
    disableUrlAccess: true,
  }
}

/** The same at every attempt, so that receivers can tell a second delivery from a second message (RFC 5322 3.6.4). */
function messageIdOf(tenantId: string, id: string, address: string): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([tenantId, id]))
    .digest('base64url')
  return `<${hash}@${address.slice(address.lastIndexOf('@') + 1)}>`
}
