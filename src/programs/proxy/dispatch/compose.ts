import { hash } from 'node:crypto'
import type { MailComposerOptions } from 'nodemailer/lib/mail-composer'
import { encodeWord } from 'nodemailer/lib/mime-funcs'
import type { OpenAttachment } from '../attachments/attachments.ts'
import type { FileLink } from '../attachments/large-files.ts'
import { type HeaderField, hasLongWord, type Mail } from '../intake/mail.ts'
import { type Mailbox, needsSmtpUtf8 } from '../intake/mailbox.ts'
import type { Claimed } from '../store/claim.ts'

/** Identifies a message for receivers, and for those who count duplicates. */
export const IDENTITY_HEADER = 'X-Genro-Mail-ID'

type Composed = Pick<Claimed, 'id' | 'tenantId' | 'mail'>

/** All recipients of the message, each once. */
export function recipientsOf({ to, cc, bcc }: Mail): string[] {
  if (to.length === 1 && cc.length === 0 && bcc.length === 0) return to.map(({ address }) => address)
  return [...new Set([...to, ...cc, ...bcc].map(({ address }) => address))]
}

/** Whether any address, in envelope or header, needs SMTPUTF8 (RFC 6531 3.2). */
export function isInternational({ mail }: Composed): boolean {
  const { from, envelopeFrom, to, cc, bcc, replyTo, sender = from } = mail
  if (needsSmtpUtf8(envelopeFrom)) return true
  return [from, sender, ...to, ...cc, ...bcc, ...replyTo].some(({ address }) => needsSmtpUtf8(address))
}

/** The message with links in place of attachments that are too large. */
export function withLinks(message: Claimed, links: readonly FileLink[]): Claimed {
  if (links.length === 0) return message
  const { text, html } = message.mail
  const lines = links.map(({ filename, bytes, url, expiresAt }) => {
    const facts = `${(bytes / 1024 ** 2).toFixed(1)} MB, until ${expiresAt.toISOString().slice(0, 10)}`
    return { label: `${filename} (${facts})`, url }
  })
  const plain = lines.map(({ label, url }) => `${label}: ${url}`).join('\r\n')
  const rich = lines
    .map(({ label, url }) => `<li><a href="${escapeHtml(url)}">${escapeHtml(label)}</a></li>`)
    .join('')
  const mail = {
    ...message.mail,
    ...(text === undefined ? {} : { text: `${text}\r\n\r\n${plain}\r\n` }),
    ...(html === undefined ? {} : { html: beforeEnd(html, `<ul>${rich}</ul>`) }),
  }
  return { ...message, mail }
}

/** Inside the body element, if its end tag is there. */
function beforeEnd(html: string, addition: string): string {
  const end = html.search(/<\/body\s*>/i)
  return end === -1 ? html + addition : html.slice(0, end) + addition + html.slice(end)
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => ENTITIES[character] ?? '')
}

/** The message for nodemailer. Recipients belong to the envelope, so Bcc appears nowhere. */
export function compose(
  { id, tenantId, mail }: Composed,
  attachments: readonly OpenAttachment[],
): MailComposerOptions {
  const { from, sender, to, cc, replyTo, subject, text, html } = mail
  return {
    from,
    ...(sender === undefined ? {} : { sender }),
    to: [...to],
    ...(cc.length === 0 ? {} : { cc: [...cc] }),
    ...(replyTo.length === 0 ? {} : { replyTo: [...replyTo] }),
    subject: foldable(subject),
    ...(text === undefined ? {} : { text }),
    ...(html === undefined ? {} : { html }),
    messageId: mail.messageId ?? messageIdOf(tenantId, id, from.address),
    headers: ownFields(id, mail).map(([key, value]) => ({ key, value: foldable(value) })),
    attachments: attachments.map(({ filename, contentType, contentId, content }) => ({
      filename,
      content,
      ...(contentId === undefined ? {} : { cid: contentId }),
      ...(contentType === undefined ? {} : { contentType }),
    })),
    disableFileAccess: true,
    disableUrlAccess: true,
  }
}

/** The only fields that the message may have, to check the composed one against. */
export function fieldsMeant({ mail, id }: Composed): string[] {
  return [
    ...['From', 'To', 'Cc', 'Reply-To', 'Subject', 'Message-ID', 'Date', 'MIME-Version'],
    ...(mail.sender === undefined ? [] : ['Sender']),
    ...PART_FIELDS,
    ...ownFields(id, mail).map(([name]) => name),
  ]
}

/** Header fields of a MIME part (RFC 2045, RFC 2183). */
export const PART_FIELDS = ['Content-Type', 'Content-Transfer-Encoding', 'Content-Disposition', 'Content-Id']

function ownFields(id: string, { headers }: Mail): HeaderField[] {
  return [...headers, [IDENTITY_HEADER, id]]
}

/**
 * A word longer than a line becomes encoded words, which can be folded (RFC 2047 2); intake rejects any other.
 */
function foldable(value: string): string {
  return hasLongWord(value) ? encodeWord(value, 'Q', 52) : value
}

/** The same at every attempt, so that receivers recognise a repeated delivery (RFC 5322 3.6.4). */
export function messageIdOf(tenantId: string, id: string, address: string): string {
  const digest = hash('sha256', JSON.stringify([tenantId, id]), 'base64url')
  return `<${digest}@${address.slice(address.lastIndexOf('@') + 1)}>`
}

/** Printable ASCII that RFC 5322 and RFC 2047 leave unchanged in a header field. */
const PLAIN_VALUE = /^(?! )(?!.*=\?)[ -~]+(?<! )$/
const PLAIN_NAME = /^[A-Za-z0-9]+(?: [A-Za-z0-9]+)*$/
const PLAIN_FIELD = /^x-[a-z0-9-]+$/i
/**
 * Text that can be sent unencoded has neither of these: non-ASCII characters, lines of more than 76 characters.
 */
const NOT_ASCII_TEXT = /[^\t\r\n -~]/
const LONG_LINE = /^[^\r\n]{77}/m
/** Longer lines are folded (RFC 5322 2.1.1). */
const MAX_PLAIN_LINE = 76

/**
 * Header and text of a plain ASCII text message, as most mail of this kind is: nothing needs encoding, folding
 * or quoting, so no MIME builder is needed. Undefined for any other message.
 */
export function composePlain({ id, tenantId, mail }: Composed): { header: string; text: string } | undefined {
  const { from, sender, to, cc, replyTo, subject, text, html, headers, attachments } = mail
  if (
    !text ||
    html !== undefined ||
    attachments.length > 0 ||
    NOT_ASCII_TEXT.test(text) ||
    LONG_LINE.test(text)
  )
    return undefined
  const lines: (string | undefined)[] = []
  for (const [name, value] of headers) lines.push(PLAIN_FIELD.test(name) ? plainLine(name, value) : undefined)
  lines.push(plainLine(IDENTITY_HEADER, id))
  lines.push(plainLine('From', plainMailboxes([from])))
  if (sender !== undefined) lines.push(plainLine('Sender', plainMailboxes([sender])))
  lines.push(plainLine('To', plainMailboxes(to)))
  if (cc.length > 0) lines.push(plainLine('Cc', plainMailboxes(cc)))
  if (replyTo.length > 0) lines.push(plainLine('Reply-To', plainMailboxes(replyTo)))
  lines.push(plainLine('Subject', subject))
  if (lines.includes(undefined)) return undefined
  // A msg-id has no place where it could be folded.
  lines.push(`Message-ID: ${mail.messageId ?? messageIdOf(tenantId, id, from.address)}`)
  lines.push(`Date: ${new Date().toUTCString().replace('GMT', '+0000')}`, 'MIME-Version: 1.0')
  lines.push('Content-Type: text/plain; charset=utf-8', 'Content-Transfer-Encoding: 7bit')
  return { header: lines.join('\r\n'), text }
}

function plainLine(name: string, value: string | undefined): string | undefined {
  if (value === undefined || name.length + 2 + value.length > MAX_PLAIN_LINE || !PLAIN_VALUE.test(value))
    return undefined
  return `${name}: ${value}`
}

function plainMailboxes(mailboxes: readonly Mailbox[]): string | undefined {
  if (mailboxes.some(({ name }) => name !== '' && !PLAIN_NAME.test(name))) return undefined
  return mailboxes.map(({ name, address }) => (name === '' ? address : `${name} <${address}>`)).join(', ')
}
