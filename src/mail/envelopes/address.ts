import { isIPv4, isIPv6 } from 'node:net'

/** RFC 5321 4.1.2 Dot-string, with RFC 6531 3.3: any character beyond ASCII may stand in it. */
const DOT_STRING = /^[\w!#$%&'*+/=?^`{|}~\u{a1}-\u{10ffff}-]+(\.[\w!#$%&'*+/=?^`{|}~\u{a1}-\u{10ffff}-]+)*$/u
/** RFC 5321 4.1.2 Quoted-string, likewise. */
const QUOTED_STRING = /^"([ !#-[\]-~\u{a1}-\u{10ffff}]|\\[ -~])*"$/u
/** RFC 1123 2.1, RFC 1035 2.3.4; a label beyond ASCII is a U-label (RFC 5890 2.3.2.1), which is not looked at closer. */
const LABEL = /^[\p{L}\p{N}]([\p{L}\p{N}\p{M}-]{0,61}[\p{L}\p{N}\p{M}])?$/u
/** RFC 5321 4.5.3.1.1 to 4.5.3.1.3, in octets; a path has angle brackets. */
const MOST_LOCAL_OCTETS = 64
const MOST_DOMAIN_OCTETS = 255
const MOST_PATH_OCTETS = 256

/** True for a Mailbox as RFC 5321 4.1.2 and RFC 6531 3.3 have it: nothing in it can end an SMTP line. */
export function isMailbox(text: string): boolean {
  const at = text.lastIndexOf('@')
  if (at <= 0 || Buffer.byteLength(text) > MOST_PATH_OCTETS - 2) return false
  const local = text.slice(0, at)
  if (Buffer.byteLength(local) > MOST_LOCAL_OCTETS) return false
  return (DOT_STRING.test(local) || QUOTED_STRING.test(local)) && isDomain(text.slice(at + 1))
}

function isDomain(domain: string): boolean {
  if (domain.startsWith('[')) return addressLiteral(domain) !== undefined
  return (
    Buffer.byteLength(domain) <= MOST_DOMAIN_OCTETS && domain.split('.').every((label) => LABEL.test(label))
  )
}

/** The IP address of `[127.0.0.1]` or `[IPv6:::1]` (RFC 5321 4.1.3). */
export function addressLiteral(domain: string): string | undefined {
  const [, tag, address = ''] = /^\[(IPv6:)?([\da-f.:]+)\]$/i.exec(domain) ?? []
  if (tag === undefined) return isIPv4(address) ? address : undefined
  return isIPv6(address) ? address : undefined
}

/** Behind the last `@`, which no domain has in it. */
export function domainOf(mailbox: string): string {
  return mailbox.slice(mailbox.lastIndexOf('@') + 1)
}

/** `name+3@…`, within the quotes of a quoted name; `name3@…` without the mark. */
export function numbered(mailbox: string, number: number, mark: '+' | '' = '+'): string {
  const at = mailbox.lastIndexOf('@')
  const end = mailbox[at - 1] === '"' ? at - 1 : at
  return `${mailbox.slice(0, end)}${mark}${number}${mailbox.slice(end)}`
}
