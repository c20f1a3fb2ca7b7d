import type { MailEnvelope } from '../../mail/mail.ts'
import type { Capabilities } from '../capabilities.ts'

/** The commands of one envelope, in octets: where they are not ASCII, each character is one of their UTF-8. */
export interface Envelope {
  readonly mail: string
  readonly rcpt: readonly string[]
  /** MAIL, RCPT and DATA in one write (RFC 2920 3.1). */
  readonly whole: string
  /** Replies to MAIL, each RCPT and DATA. */
  readonly replies: number
}

/** `SIZE=` only where the server offers it (RFC 1870 6.1). */
export function envelopeFor(
  sender: string,
  recipients: readonly string[],
  sizeBytes: number | undefined,
): Envelope {
  return commands(
    `MAIL FROM:<${sender}>${sizeParameter(sizeBytes)}\r\n`,
    recipients.map((recipient) => `RCPT TO:<${recipient}>\r\n`),
  )
}

/** The same with the parameters that the message asks for and the server offers. */
export function extendedEnvelope(
  { sender, recipients, eightBit, smtpUtf8, dsn, envelopeId }: MailEnvelope,
  offers: Capabilities,
  sizeBytes: number,
): Envelope {
  let mail = `MAIL FROM:<${sender}>${sizeParameter(offers.size ? sizeBytes : undefined)}`
  // RFC 6152 2; RFC 6531 3.4, and only where it is needed (3.6).
  if (eightBit && offers.eightBitMime) mail += ' BODY=8BITMIME'
  const isUtf8 = smtpUtf8 && offers.smtpUtf8
  if (isUtf8) mail += ' SMTPUTF8'
  // Without SMTPUTF8 all of it is ASCII.
  const octets = smtpUtf8 ? utf8Octets : same
  if (dsn === undefined || !offers.dsn)
    return commands(
      octets(`${mail}\r\n`),
      recipients.map((recipient) => octets(`RCPT TO:<${recipient}>\r\n`)),
    )
  // RFC 3461 4.3, 4.4.
  if (dsn.ret !== undefined) mail += ` RET=${dsn.ret}`
  if (envelopeId !== undefined) mail += ` ENVID=${xtext(envelopeId)}`
  const notify = dsn.notify === 'NEVER' ? dsn.notify : dsn.notify.join(',')
  return commands(
    octets(`${mail}\r\n`),
    recipients.map((recipient) =>
      octets(`RCPT TO:<${recipient}> NOTIFY=${notify} ORCPT=${originalRecipient(recipient)}\r\n`),
    ),
  )
}

function sizeParameter(sizeBytes: number | undefined): string {
  return sizeBytes === undefined ? '' : ` SIZE=${sizeBytes}`
}

function commands(mail: string, rcpt: readonly string[]): Envelope {
  return { mail, rcpt, whole: `${mail}${rcpt.join('')}DATA\r\n`, replies: rcpt.length + 2 }
}

function same(command: string): string {
  return command
}

const BEYOND_ASCII = /[^ -~\r\n]/

/** Transports write each character as one octet. */
function utf8Octets(command: string): string {
  return BEYOND_ASCII.test(command) ? Buffer.from(command).toString('latin1') : command
}

/** RFC 3461 4: printable ASCII but for `+` and `=` stands for itself. */
function xtext(text: string): string {
  return text.replaceAll(/[^!-*,-<>-~]/g, (char) => `+${hex(char)}`)
}

/** RFC 3461 4.2; beyond ASCII as RFC 6533 3 has it, in its form for SMTPUTF8. */
function originalRecipient(recipient: string): string {
  if (!BEYOND_ASCII.test(recipient)) return `rfc822;${xtext(recipient)}`
  return `utf-8;${recipient.replaceAll(/[ +=\\]/g, (char) => `\\x{${hex(char)}}`)}`
}

function hex(char: string): string {
  return char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')
}
