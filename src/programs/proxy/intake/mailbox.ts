import { domainToASCII } from 'node:url'
import addressparser from 'nodemailer/lib/addressparser'

export interface Mailbox {
  readonly name: string
  readonly address: string
}

/** What intake found wrong with a value; the sender gets its message. */
export class Unacceptable extends Error {}

/**
 * CR and LF end a line of SMTP and of the header, NUL ends strings in some servers; no control character is
 * useful here.
 */
const CONTROLS = /\p{Cc}/u
/** RFC 5321 4.1.2 Dot-string, with the characters that RFC 6531 3.3 adds. */
const DOT_STRING = /^[\w!#$%&'*+/=?^`{|}~\u{80}-\u{10ffff}-]+(\.[\w!#$%&'*+/=?^`{|}~\u{80}-\u{10ffff}-]+)*$/u
/**
 * RFC 5321 4.1.2 Quoted-string, without angle brackets: nodemailer turns them into blanks in the header, which
 * would be another mailbox.
 */
const QUOTED_STRING = /^"(?:[ !#-;=?-[\]-~\u{80}-\u{10ffff}]|\\[ -;=?-~])*"$/u
/** RFC 5321 4.5.3.1.1. */
const MAX_LOCAL_OCTETS = 64
/** RFC 1123 2.1; at most 253 characters. */
const DOMAIN = /^(?=.{1,253}$)[a-z\d]([a-z\d-]{0,61}[a-z\d])?(\.[a-z\d]([a-z\d-]{0,61}[a-z\d])?)*$/i
/** No header line can exceed 998 octets (RFC 5322 2.1.1), and a name may be one long word. */
const MAX_NAME_LENGTH = 255
/** A quoted string or a comment (RFC 5322 3.2.2, 3.2.4), where a separator does not separate. */
const QUOTED = /"(?:\\.|[^"\\])*"|\((?:\\.|[^()\\])*\)/g
/** Between two separators: a bare address, or a name and one address in angle brackets (RFC 5322 3.4). */
const ONE_MAILBOX = /^(?:[^<>]*<[^<>]*>|[^<>]*)$/
/** Per message; servers must accept 100 (RFC 5321 4.5.3.1.8), most accept more. */
export const MAX_RECIPIENTS = 1_000

/** Parses `a@b, Name <c@d>`, or a list of such texts; throws Unacceptable. */
export function mailboxes(field: string, given: unknown): Mailbox[] {
  if (given === undefined || given === null) return []
  const texts = Array.isArray(given) ? given : [given]
  const found = texts.flatMap((text) => parsed(field, text))
  if (found.length > MAX_RECIPIENTS)
    throw new Unacceptable(`${field} has more than ${MAX_RECIPIENTS} addresses`)
  return found
}

export function oneMailbox(field: string, given: unknown): Mailbox {
  const [first, ...others] = mailboxes(field, given)
  if (first === undefined) throw new Unacceptable(`missing ${field}`)
  if (others.length > 0) throw new Unacceptable(`${field} has more than one address`)
  return first
}

function parsed(field: string, text: unknown): Mailbox[] {
  if (typeof text !== 'string') throw new Unacceptable(`${field} has to be text or a list of texts`)
  if (CONTROLS.test(text)) throw new Unacceptable(`${field} has control characters`)
  if (text.trim() === '') return []
  const parts = partsOf(text)
  const odd = parts.find((part) => !ONE_MAILBOX.test(part))
  if (odd !== undefined) throw notOne(field, odd)
  // A blank and more text after a bare address would be an SMTP parameter, not a name.
  const bare = !/[<(]/.test(text)
  const found = addressparser(text, { flatten: true }).map(({ name, address }) => {
    if (name.length > MAX_NAME_LENGTH)
      throw new Unacceptable(`${field} has a name of more than ${MAX_NAME_LENGTH} characters`)
    return { name, address: checked(field, bare && name !== '' ? text : address) }
  })
  // Whatever a parser makes of an odd list, the number of addresses must stay the same.
  if (found.length !== parts.length) throw notOne(field, text)
  return found
}

/** The mailboxes of a list as written, with quoted strings and comments blanked; without names of groups. */
function partsOf(text: string): string[] {
  const blanked = text.replace(QUOTED, (quoted) => '_'.repeat(quoted.length))
  return blanked
    .split(/[,;]/)
    .map((part) => part.replace(/^[^:<>@]*:/, '').trim())
    .filter((part) => part !== '')
}

function notOne(field: string, text: string): Unacceptable {
  return new Unacceptable(
    `${field} has ${JSON.stringify(text.slice(0, 100))}, which is not one mail address; separate them by commas`,
  )
}

function checked(field: string, address: string): string {
  const at = address.lastIndexOf('@')
  const domain = domainToASCII(address.slice(at + 1))
  if (at < 1 || !isLocalPart(address.slice(0, at)) || !DOMAIN.test(domain))
    throw new Unacceptable(
      `${field} has ${JSON.stringify(address.slice(0, 100))}, which is not a mail address`,
    )
  return `${address.slice(0, at)}@${domain}`
}

function isLocalPart(local: string): boolean {
  if (Buffer.byteLength(local) > MAX_LOCAL_OCTETS || !local.isWellFormed()) return false
  return DOT_STRING.test(local) || QUOTED_STRING.test(local)
}

/** Whether an address needs SMTPUTF8 (RFC 6531 3.2); its domain is already in ASCII. */
export function needsSmtpUtf8(address: string): boolean {
  return /[^ -~]/.test(address)
}
