import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net'
import { PROXY_VERSIONS } from '../proxy-protocol.ts'
import { TLS_VERSIONS } from '../smtp/target.ts'
import { domainName } from './address.ts'
import { type Kind, line, oneOf, textKind, unset } from './kind.ts'

const MAX_ADDRESSES = 4_096

/** Addresses in the order in which they are named; a range of IPv4 addresses has all of its own. */
export const addressList: Kind<string> = textKind(
  'IP addresses separated by commas, ranges of IPv4 as 127.0.0.2-127.0.0.20',
  '127.0.0.2-127.0.0.20',
  (text) => {
    const parts = text.split(',').map((part) => part.trim())
    const bad = parts.find((part) => rangeOf(part) === undefined)
    if (bad !== undefined)
      return { wrong: `has ${JSON.stringify(bad)}, which is neither an IP address nor a range` }
    const count = parts.reduce((sum, part) => sum + sizeOf(rangeOf(part)), 0)
    if (count > MAX_ADDRESSES) return { wrong: `has more than ${MAX_ADDRESSES} addresses` }
    return new Set(addressesIn(text)).size < count ? { wrong: 'names an address twice' } : { value: text }
  },
)

/** Of a text that addressList takes. */
export function addressesIn(text: string): string[] {
  return text.split(',').flatMap((part) => {
    const range = rangeOf(part.trim())
    if (range === undefined) return []
    if (typeof range === 'string') return [range]
    return Array.from({ length: sizeOf(range) }, (_, index) => dotted(range.first + index))
  })
}

type AddressRange = { readonly first: number; readonly last: number } | string

function rangeOf(text: string): AddressRange | undefined {
  if (isIP(text) > 0) return text
  const [from = '', to = '', ...more] = text.split('-').map((part) => part.trim())
  if (more.length > 0 || !isIPv4(from) || !isIPv4(to)) return undefined
  const [first, last] = [numeric(from), numeric(to)]
  return first <= last ? { first, last } : undefined
}

function sizeOf(range: AddressRange | undefined): number {
  return range === undefined || typeof range === 'string' ? 1 : range.last - range.first + 1
}

function numeric(address: string): number {
  return address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0)
}

function dotted(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.')
}

/**
 * Addresses that a connection may be said to come from: nobody else's. Documentation (RFC 5737, RFC 3849),
 * benchmarks (RFC 2544), private and loopback ones.
 */
const NOBODYS = [
  ...(['192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24', '198.18.0.0/15'] as const),
  ...(['127.0.0.0/8', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'] as const),
  ...(['2001:db8::/32', '::1/128', 'fc00::/7'] as const),
]
const nobodys = new BlockList()
for (const network of NOBODYS) {
  const [address = '', prefix] = network.split('/')
  nobodys.addSubnet(address, Number(prefix), isIPv4(address) ? 'ipv4' : 'ipv6')
}

/** Why clients must not be said to come from one of these; `given` is how they were given. Undefined: they may. */
export function claimedProblem(given: string, addresses: readonly string[]): string | undefined {
  const real = addresses.find((address) => !nobodys.check(address, isIPv4(address) ? 'ipv4' : 'ipv6'))
  if (real === undefined) return undefined
  return `${given} has ${real}, which may be somebody's. Use addresses for documentation (RFC 5737), such as 192.0.2.1-192.0.2.254, or private ones, or set ALLOW_PUBLIC_TARGETS=1.`
}

/** www.postfix.org/XCLIENT_README.html. */
const XCLIENT_NAMES = ['NAME', 'ADDR', 'PORT', 'PROTO', 'HELO', 'LOGIN', 'DESTADDR', 'DESTPORT']
/** RFC 1891 5: what xtext is written with. */
const XTEXT = /^(?:[!-*,-<>-~]|\+[0-9A-F]{2})+$/
/** As long as a command may be (RFC 5321 4.5.3.1.4), without its verb. */
const LONGEST_XCLIENT = 500

export const xclientAttributes: Kind<string> = textKind(
  `NAME=value pairs separated by spaces, of ${XCLIENT_NAMES.join(', ')}`,
  'ADDR=192.0.2.1 NAME=client.example.test',
  (text) => {
    if (text.length > LONGEST_XCLIENT) return { wrong: `has more than ${LONGEST_XCLIENT} characters` }
    for (const part of text.split(/ +/)) {
      const [, name = '', value = ''] = /^([^=]*)=(.*)$/s.exec(part) ?? []
      if (!XCLIENT_NAMES.includes(name.toUpperCase()))
        return { wrong: `has ${JSON.stringify(part)}, which is no attribute of XCLIENT` }
      if (!XTEXT.test(value))
        return { wrong: `has ${JSON.stringify(part)}, whose value is not xtext (RFC 1891 5)` }
      const isAddress = name.toUpperCase().endsWith('ADDR') && !value.startsWith('[')
      if (isAddress && isIP(addressOf(value)) === 0)
        return { wrong: `has ${JSON.stringify(part)}, which is no address` }
    }
    return { value: text }
  },
)

function addressOf(value: string): string {
  return value.replace(/^IPV6:/i, '')
}

/** The address of the client in a text that xclientAttributes takes. */
export function claimedIn(xclient: string): string[] {
  const [, value] = /(?:^| )ADDR=([^ ]+)/i.exec(xclient) ?? []
  return value === undefined || value.startsWith('[') ? [] : [addressOf(value)]
}

/** RFC 5321 4.1.1.1: a domain, or an address literal (4.1.3). */
const helloName: Kind<string> = textKind(
  'a domain name, or an address as [192.0.2.1] or [IPv6:2001:db8::1]',
  'client.example.test',
  (text) => {
    const [, address] = /^\[(.*)\]$/.exec(text) ?? []
    if (address === undefined)
      return domainName.schema.safeParse(text).success ? { value: text } : { wrong: 'is no name for EHLO' }
    const [, v6] = /^IPv6:(.*)$/i.exec(address) ?? []
    return (v6 === undefined ? isIPv4(address) : isIPv6(v6))
      ? { value: text }
      : { wrong: 'is no address literal' }
  },
)

/** Where sessions come from, and as whom the client presents itself. */
export const CLIENT = {
  STRESS_EHLO_NAME: unset(
    helloName,
    'its own address, as [127.0.0.1]',
    'Name of the client in EHLO and LHLO.',
  ),
  STRESS_LOCAL_ADDRESSES: unset(
    addressList,
    'the one that the system chooses',
    'Addresses of this machine to connect from: each session takes the next, and each has ports of its own.',
  ),
  STRESS_PROXY_PROTOCOL: unset(
    oneOf(PROXY_VERSIONS, 'v2'),
    'none',
    'Begin each connection as a balancer would, by the PROXY protocol.',
  ),
  STRESS_PROXY_SOURCE: unset(
    addressList,
    'its own address',
    'Addresses that STRESS_PROXY_PROTOCOL says the sessions come from, each the next.',
  ),
  STRESS_XCLIENT: unset(
    xclientAttributes,
    'none',
    'What XCLIENT tells a Postfix that trusts this client: whose session it passes on.',
  ),
  STRESS_TLS_MIN_VERSION: unset(
    oneOf(TLS_VERSIONS, 'TLSv1.3'),
    'TLSv1.2',
    'Oldest version of TLS to accept.',
  ),
  STRESS_TLS_CERT: unset(
    line('a path', 'client.pem'),
    'none',
    'PEM file of the certificate that the client shows.',
  ),
  STRESS_TLS_KEY: unset(line('a path', 'client.key'), 'none', 'PEM file of its key.'),
  STRESS_TLS_SERVER_NAME: unset(
    domainName,
    'the host of the target',
    'Name to ask the server for (SNI), which its certificate must have.',
  ),
}
