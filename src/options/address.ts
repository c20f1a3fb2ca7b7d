import { type Kind, kind, textKind } from './kind.ts'

/** RFC 5321 4.1.2 Dot-string; at most 64 octets by 4.5.3.1.1. */
const LOCAL_PART = /^(?=.{1,64}$)[\w!#$%&'*+/=?^`{|}~-]+(\.[\w!#$%&'*+/=?^`{|}~-]+)*$/
/** RFC 1123 2.1 and RFC 1035 2.3.4; at most 253 characters without the final dot. */
export const DOMAIN = /^(?=.{1,253}$)[a-z\d]([a-z\d-]{0,61}[a-z\d])?(\.[a-z\d]([a-z\d-]{0,61}[a-z\d])?)*$/i
/** Names of machines in container networks may have underscores. */
export const HOST =
  /^(?=.{1,253}$)[a-z\d_]([a-z\d_-]{0,61}[a-z\d_])?(\.[a-z\d_]([a-z\d_-]{0,61}[a-z\d_])?)*$/i

/** RFC 2606 sections 2 and 3, RFC 6761 section 6; test.local is the domain of the servers we boot. */
const RESERVED = ['test', 'example', 'invalid', 'localhost', 'example.com', 'example.net', 'example.org']
const RESERVED_DOMAINS: readonly string[] = [...RESERVED, 'test.local']

/** True when mail to this domain can reach nobody, whatever the target does with it. */
export function isReservedDomain(domain: string): boolean {
  const name = domain.toLowerCase()
  return RESERVED_DOMAINS.some((reserved) => name === reserved || name.endsWith(`.${reserved}`))
}

/** `name@domain`, without quotes, comments or address literals: nothing in it can end an SMTP line. */
export const mailAddress: Kind<string> = textKind('an address as name@domain', 'load@example.com', (text) => {
  const at = text.lastIndexOf('@')
  const ok = at > 0 && LOCAL_PART.test(text.slice(0, at)) && DOMAIN.test(text.slice(at + 1))
  return ok ? { value: text } : { wrong: 'is not a mail address' }
})

export const domainName: Kind<string> = kind('a domain name', 'test.local', (text) =>
  DOMAIN.test(text) ? { value: text } : { wrong: 'is not a domain name' },
)
