import { domainToASCII } from 'node:url'
import addressparser from 'nodemailer/lib/addressparser'

export interface Mailbox {
  readonly name: string
  readonly address: string
}

/** What an intake check found wrong with a value; its message goes to whoever sent it. */
export class Unacceptable extends Error {}

/** CR and LF end a line of SMTP and of the header, NUL ends strings of some servers; no control has a use here. */
const CONTROLS = /\p{Cc}/u
/** RFC 5321 4.1.2 Dot-string; at most 64 octets by 4.5.3.1.1. Quoted local parts are not taken: they can hold blanks and `>`. */
const LOCAL_PART = /^(?=.{1,64}$)[\w!#$%&'*+/=?^`{|}~-]+(\.[\w!#$%&'*+/=?^`{|}~-]+)*$/
/** RFC 1123 2.1; at most 253 characters. */
const DOMAIN = /^(?=.{1,253}$)[a-z\d]([a-z\d-]{0,61}[a-z\d])?(\.[a-z\d]([a-z\d-]{0,61}[a-z\d])?)*$/i
/** Of one message; RFC 5321 4.5.3.1.8 obliges servers to take 100, most take more. */
export const MAX_RECIPIENTS = 1_000

/** Mailboxes of `a@b, Name <c@d>` or of a list of such texts; throws Unacceptable. */
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
  // A blank and more behind a bare address: a parameter of SMTP, not a name.
  const bare = !/[<(]/.test(text)
  return addressparser(text, { flatten: true }).map(({ name, address }) => {
    return { name, address: checked(field, bare && name !== '' ? text : address) }
  })
}

function checked(field: string, address: string): string {
  const at = address.lastIndexOf('@')
  const domain = domainToASCII(address.slice(at + 1))
  if (at < 1 || !LOCAL_PART.test(address.slice(0, at)) || !DOMAIN.test(domain))
    throw new Unacceptable(
      `${field} has ${JSON.stringify(address.slice(0, 100))}, which is not a mail address`,
    )
  return `${address.slice(0, at)}@${domain}`
}
